//! Reading a TOML file with every mistake reported at once: file, line, what is wrong, what to write instead.
