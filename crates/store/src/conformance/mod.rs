//! The numbered promises S1 to S10 as test cases, run against both engines.
