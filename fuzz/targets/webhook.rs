//! Deliveries of webhooks: whatever stands in a body or a signature, it is read or it is not, and nothing falls over.
#![no_main]

use connectors::xero::webhook as xero;
use connectors::zoho::webhook as zoho;
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;

const ABOUT: [Option<&str>; 4] = [None, Some("invoice"), Some("contact"), Some("nothing")];

fuzz_target!(|data: &[u8]| {
    if let Some(told) = xero::read(data) {
        assert!(told.changes.iter().all(|change| !change.record_id.is_empty() && !change.path.is_empty()));
    }
    for about in ABOUT {
        if let Some(change) = zoho::read(about, data) {
            assert!(!change.record_id.is_empty());
        }
    }
    let (signature, body) = data.split_at(data.len().min(44));
    let key = SecretString::from("a key that nobody has".to_owned());
    assert!(!xero::is_signed(&key, body, &String::from_utf8_lossy(signature)), "nobody guesses a signature");
});
