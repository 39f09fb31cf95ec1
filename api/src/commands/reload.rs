//! Master keys without a restart: the file that `MASTER_KEYS` names is read again every half a minute, and at once after SIGHUP.

use std::time::Duration;

use entities::sealed::MasterKeys;
use jobs::context::Context;
use tokio::task::JoinHandle;

use crate::settings::Raw;

const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Watches for as long as the process lives. Keys that came in the environment never change: then only SIGHUP is answered, in the log.
pub fn watch(raw: &Raw, context: &Context) -> std::io::Result<JoinHandle<()>> {
    let (raw, keys) = (raw.clone(), context.keys.clone());
    let is_file = raw.master_keys_file().is_some();
    let mut asked = Asked::new()?;
    Ok(tokio::spawn(async move {
        loop {
            let is_asked = tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY), if is_file => false,
                () = asked.next() => true,
            };
            if is_file {
                look(&raw, &keys, is_asked);
            } else {
                tracing::info!("nothing was read again: MASTER_KEYS names no file");
            }
        }
    }))
}

/// What cannot be used changes nothing.
fn look(raw: &Raw, keys: &MasterKeys, is_asked: bool) {
    let replaced = raw.master_keys().map_err(|problems| problems.to_string());
    match replaced.and_then(|read| keys.replace(&read).map_err(|trouble| trouble.to_string())) {
        Ok(are_others) if are_others || is_asked => {
            tracing::info!(keys = keys.ids().join(","), are_others, "the master keys were read again");
        }
        Ok(_) => {}
        Err(problem) => tracing::error!(problem, "the master keys cannot be read again; those we have go on counting"),
    }
}

/// SIGHUP, where there is one.
struct Asked(#[cfg(unix)] tokio::signal::unix::Signal);

impl Asked {
    #[cfg(unix)]
    fn new() -> std::io::Result<Self> {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).map(Self)
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending().await
        }
    }

    #[cfg(not(unix))]
    fn new() -> std::io::Result<Self> {
        Ok(Self())
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use entities::chance::SystemChance;

    use super::*;

    #[test]
    fn a_file_is_read_again_and_one_that_is_no_list_of_keys_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let (one, two) = (MasterKeys::generate("one", &SystemChance), MasterKeys::generate("two", &SystemChance));
        std::fs::write(&path, format!("{one}\n")).unwrap();
        let raw = Raw::from_pairs([("MASTER_KEYS".to_owned(), format!("file:{}", path.display()))]);
        let keys = raw.master_keys().unwrap();
        std::fs::write(&path, format!("{two}\n{one}\n")).unwrap();
        look(&raw, &keys, false);
        assert_eq!(keys.ids(), ["two", "one"]);
        let another_one = MasterKeys::generate("one", &SystemChance);
        for wrong in ["", "one", "two:short", &format!("{two}\n{another_one}")] {
            std::fs::write(&path, wrong).unwrap();
            look(&raw, &keys, true);
            assert_eq!(keys.ids(), ["two", "one"]);
        }
        std::fs::remove_file(&path).unwrap();
        look(&raw, &keys, true);
        assert_eq!(keys.ids(), ["two", "one"]);
    }
}
