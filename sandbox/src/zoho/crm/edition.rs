//! Editions: what an organisation pays for, and how much of everything that gives it.

/// What is paid for. The order is that of the price list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    Free,
    Standard,
    Professional,
    Enterprise,
    Ultimate,
}

impl Edition {
    pub const ALL: [Self; 5] = [Self::Free, Self::Standard, Self::Professional, Self::Enterprise, Self::Ultimate];

    /// `paid_type` of the licence.
    pub fn paid_type(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Standard => "standard",
            Self::Professional => "professional",
            Self::Enterprise => "enterprise",
            Self::Ultimate => "ultimate",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|edition| edition.paid_type() == name)
    }

    /// API credits in any 24 hours.
    pub fn credits(self, users: u32) -> i64 {
        let users = i64::from(users);
        match self {
            Self::Free => 5_000,
            Self::Standard => (50_000 + 250 * users).min(100_000),
            Self::Professional => (50_000 + 500 * users).min(3_000_000),
            Self::Enterprise => (50_000 + 1_000 * users).min(5_000_000),
            Self::Ultimate => 50_000 + 2_000 * users,
        }
    }

    /// Calls at once, of one app.
    pub fn concurrent(self) -> u32 {
        match self {
            Self::Free => 5,
            Self::Standard => 10,
            Self::Professional => 15,
            Self::Enterprise => 20,
            Self::Ultimate => 25,
        }
    }

    /// Custom fields of one module.
    pub fn custom_fields(self) -> i64 {
        match self {
            Self::Free => 0,
            Self::Standard => 10,
            Self::Professional => 150,
            Self::Enterprise | Self::Ultimate => 500,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_follow_edition_and_users() {
        assert_eq!(Edition::Free.credits(3), 5_000);
        assert_eq!(Edition::Standard.credits(5), 51_250);
        assert_eq!(Edition::Standard.credits(1_000), 100_000);
        assert_eq!(Edition::Professional.credits(10), 55_000);
        assert_eq!(Edition::Enterprise.credits(10), 60_000);
        assert_eq!(Edition::Ultimate.credits(10_000), 20_050_000);
    }
}
