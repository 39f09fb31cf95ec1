//! How messages leave the sandbox, whoever sends them: to this machine only, and as unkindly as the control plane has ordered.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use reqwest::{Client, redirect};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::{Host, Url};

/// How deliveries go wrong by order: twice, in another order, not at all, or later.
#[derive(Clone, Debug)]
pub struct Manner {
    pub duplicate: bool,
    pub reorder: bool,
    /// The share that is lost on the way.
    pub lose: f64,
    pub hold: bool,
    pub dice: SmallRng,
}

impl Default for Manner {
    fn default() -> Self {
        Self { duplicate: false, reorder: false, lose: 0.0, hold: false, dice: SmallRng::seed_from_u64(0) }
    }
}

impl Manner {
    /// Whether the next one is lost. The same seed loses the same ones.
    pub fn loses(&mut self) -> bool {
        self.lose > 0.0 && self.dice.random::<f64>() < self.lose
    }

    /// What is left out stays as it is.
    pub fn follow(&mut self, order: &Order) {
        self.duplicate = order.duplicate.unwrap_or(self.duplicate);
        self.reorder = order.reorder.unwrap_or(self.reorder);
        self.lose = order.lose.unwrap_or(self.lose);
        self.hold = order.hold.unwrap_or(self.hold);
        if let Some(seed) = order.seed {
            self.dice = SmallRng::seed_from_u64(seed);
        }
    }

    /// As the control plane shows it.
    pub fn shown(&self) -> Map<String, Value> {
        Map::from_iter([
            ("duplicate".to_owned(), self.duplicate.into()),
            ("reorder".to_owned(), self.reorder.into()),
            ("lose".to_owned(), self.lose.into()),
            ("hold".to_owned(), self.hold.into()),
        ])
    }
}

/// An order of the control plane.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    pub duplicate: Option<bool>,
    pub reorder: Option<bool>,
    pub lose: Option<f64>,
    pub seed: Option<u64>,
    pub hold: Option<bool>,
    /// Sends what waits, now, held or not.
    #[serde(default)]
    pub deliver: bool,
}

impl Order {
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), &'static str> {
        match self.lose {
            Some(share) if !(0.0..=1.0).contains(&share) => Err("lose is a share from 0 to 1"),
            _ => Ok(()),
        }
    }
}

/// No proxy and no redirects: a message goes to this machine or nowhere.
pub fn client(answer_within: Duration) -> reqwest::Result<Client> {
    Client::builder().no_proxy().redirect(redirect::Policy::none()).timeout(answer_within).build()
}

/// Whether an address is on this machine.
pub fn is_here(url: &Url) -> bool {
    let host = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    host && matches!(url.scheme(), "http" | "https")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_sent_to() {
        for (url, here) in [
            ("http://127.0.0.1:9/x?y=1", true),
            ("http://127.9.9.9/", true),
            ("https://localhost/x", true),
            ("http://[::1]:9/x", true),
            ("https://example.com/127.0.0.1", false),
            ("http://127.0.0.1.example.com/", false),
            ("http://localhost@example.com/", false),
            ("http://0.0.0.0/", false),
            ("http://10.0.0.1/", false),
            ("ftp://127.0.0.1/", false),
        ] {
            assert_eq!(is_here(&Url::parse(url).unwrap()), here, "{url}");
        }
    }

    #[test]
    fn the_same_seed_loses_the_same_and_what_an_order_leaves_out_stays() {
        let lost = |seed| {
            let mut manner = Manner::default();
            manner.follow(&Order { lose: Some(0.5), seed: Some(seed), ..Order::default() });
            manner.follow(&Order { duplicate: Some(true), ..Order::default() });
            assert!(manner.duplicate && !manner.hold);
            (0..1000).map(|_| manner.loses()).collect::<Vec<_>>()
        };
        let count = lost(7).into_iter().filter(|lost| *lost).count();
        assert!((400..600).contains(&count), "{count}");
        assert_eq!(lost(7), lost(7));
        assert_ne!(lost(7), lost(8));
        assert!(!Manner::default().loses());
    }

    #[test]
    fn a_mistake_in_an_order_is_said() {
        for lose in [-0.1, 1.5, f64::NAN] {
            assert!(Order { lose: Some(lose), ..Order::default() }.check().is_err());
        }
        assert!(Order { lose: Some(1.0), ..Order::default() }.check().is_ok());
        assert!(serde_json::from_str::<Order>("{\"loose\":true}").is_err());
    }
}
