//! Properties of the rules, with an oracle in another style.

mod journal;
mod world;
