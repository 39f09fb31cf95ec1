//! Notes what is asked of the providers and what they answer, so that both can be held against the providers' documents.
//!
//! While it is on, every exchange that shows something new is one line of JSON in a file of this process. Tokens and secrets are not
//! written. While it is off it costs one look at a flag.

mod exchange;
mod notebook;
mod shape;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::web::{self, Data, Json, ServiceConfig};
use actix_web::{HttpResponse, body::BoxBody};
use serde::Deserialize;
use serde_json::{Value, json};

pub use exchange::Heard;
use notebook::Notebook;

use crate::Shared;

/// Names the folder in which every process keeps a file.
pub const FOLDER_VARIABLE: &str = "SANDBOX_RECORD";

/// Cheap to clone. Recorders of one process that write into the same folder share a file.
#[derive(Clone, Default)]
pub struct Recorder {
    notebook: Arc<RwLock<Option<Arc<Notebook>>>>,
}

impl Recorder {
    /// On where the environment names a folder.
    pub fn from_environment() -> io::Result<Self> {
        let recorder = Self::default();
        if let Some(folder) = std::env::var_os(FOLDER_VARIABLE).filter(|folder| !folder.is_empty()) {
            recorder.on_in(Path::new(&folder))?;
        }
        Ok(recorder)
    }

    /// Begins, or goes on, in this folder. Gives the file.
    pub fn on_in(&self, folder: &Path) -> io::Result<PathBuf> {
        let notebook = Notebook::in_folder(folder)?;
        let file = notebook.path().to_path_buf();
        *self.notebook.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(notebook);
        Ok(file)
    }

    pub fn off(&self) {
        *self.notebook.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = None;
    }

    /// Reads the request before it is answered, and leaves it as it was. None while it is off.
    pub async fn hear(&self, provider: &'static str, request: &mut ServiceRequest) -> Option<Heard> {
        let notebook = self.notebook.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()?;
        Some(Heard::new(notebook, provider, request).await)
    }

    fn report(&self) -> Value {
        match &*self.notebook.read().unwrap_or_else(|poisoned| poisoned.into_inner()) {
            Some(notebook) => {
                let (heard, written) = notebook.counts();
                json!({"on": true, "file": notebook.path(), "heard": heard, "written": written})
            }
            None => json!({"on": false}),
        }
    }
}

/// What was heard is noted with its answer, if there was anything to hear.
pub async fn note(heard: Option<Heard>, answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    match heard {
        Some(heard) => heard.answered(answer).await,
        None => answer,
    }
}

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/_sandbox/record", web::post().to(turn)).route("/_sandbox/record", web::get().to(show));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    on: bool,
    folder: Option<PathBuf>,
}

async fn turn(shared: Data<Shared>, wanted: Json<Wanted>) -> HttpResponse {
    let wanted = wanted.into_inner();
    if !wanted.on {
        shared.recorder.off();
        return HttpResponse::Ok().json(shared.recorder.report());
    }
    let named = wanted.folder.or_else(|| std::env::var_os(FOLDER_VARIABLE).map(PathBuf::from));
    let Some(folder) = named else {
        let says = format!("`folder` is wanted, because {FOLDER_VARIABLE} names none");
        return HttpResponse::BadRequest().json(json!({"error": says}));
    };
    match shared.recorder.on_in(&folder) {
        Ok(_) => HttpResponse::Ok().json(shared.recorder.report()),
        Err(error) => HttpResponse::BadRequest().json(json!({"error": format!("cannot write there: {error}")})),
    }
}

async fn show(shared: Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().json(shared.recorder.report())
}
