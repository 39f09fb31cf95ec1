//! How often a law is tried.

use proptest::prelude::ProptestConfig;

/// As often as is usual for it, or as `PROPTEST_CASES` says: what one document in 50,000 breaks is found with some hundred thousand.
pub fn cases(usual: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig::with_cases(asked.unwrap_or(usual))
}
