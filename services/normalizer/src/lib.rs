//! hookwheel-normalizer
