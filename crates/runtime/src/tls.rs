//! One TLS provider for the whole process: ring.

/// Makes ring the process's provider. The first line of every `main` that opens a TLS connection; a second call changes
/// nothing.
pub fn install_provider() {
    // An error means that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
