//! Named points at which a test kills the process, to prove that no moment is a bad one to die. Not in release builds.

/// Aborts here if `CPCONNECT_KILL_AT` is `name:n` and this is the n-th time.
#[cfg(debug_assertions)]
pub fn reached(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static KILL_AT: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static SEEN: AtomicU64 = AtomicU64::new(0);

    let kill_at = KILL_AT.get_or_init(|| {
        let setting = std::env::var("CPCONNECT_KILL_AT").ok()?;
        let (name, nth) = setting.split_once(':')?;
        Some((name.to_owned(), nth.parse().ok()?))
    });
    if let Some((wanted, nth)) = kill_at
        && wanted == name
        && SEEN.fetch_add(1, Ordering::SeqCst) + 1 == *nth
    {
        std::process::abort();
    }
}

#[cfg(not(debug_assertions))]
pub fn reached(_: &str) {}
