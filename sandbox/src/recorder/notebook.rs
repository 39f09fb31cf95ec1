//! One file for each process and folder, however many sandboxes write into it; and what has been seen already.

use std::collections::{BTreeMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;

/// Where exchanges are written.
pub struct Notebook {
    path: PathBuf,
    state: Mutex<State>,
}

struct State {
    file: File,
    /// Hashes of the features that are in the file.
    seen: HashSet<u64>,
    heard: u64,
    written: u64,
}

/// Every notebook of this process, by folder.
static OPEN: Mutex<BTreeMap<PathBuf, Arc<Notebook>>> = Mutex::new(BTreeMap::new());

impl Notebook {
    /// The notebook of this process in a folder, which is made where it is not there.
    pub fn in_folder(folder: &Path) -> io::Result<Arc<Self>> {
        std::fs::create_dir_all(folder)?;
        let folder = folder.canonicalize()?;
        let mut open = OPEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // A test's folder is removed after it.
        open.retain(|_, notebook| notebook.path.exists());
        if let Some(notebook) = open.get(&folder) {
            return Ok(notebook.clone());
        }
        let path = folder.join(format!("{}.jsonl", std::process::id()));
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let state = State { file, seen: HashSet::new(), heard: 0, written: 0 };
        let notebook = Arc::new(Self { path, state: Mutex::new(state) });
        open.insert(folder, notebook.clone());
        Ok(notebook)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many exchanges were heard, and how many of them showed something new.
    pub fn counts(&self) -> (u64, u64) {
        let state = self.lock();
        (state.heard, state.written)
    }

    /// Writes the line that `draft` makes of what has been seen; None when it shows nothing new.
    pub fn write(&self, draft: impl FnOnce(&mut HashSet<u64>) -> Option<Value>) {
        let mut state = self.lock();
        state.heard += 1;
        let Some(line) = draft(&mut state.seen) else { return };
        state.written += 1;
        let mut line = line.to_string();
        line.push('\n');
        if let Err(error) = state.file.write_all(line.as_bytes()) {
            tracing::error!(%error, "an exchange could not be recorded");
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
