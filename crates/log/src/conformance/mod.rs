//! The numbered promises L1 to L17 as test cases, run against every back end.
