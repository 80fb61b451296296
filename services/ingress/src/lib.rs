//! hookwheel-ingress
