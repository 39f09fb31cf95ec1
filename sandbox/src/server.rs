//! Starting and stopping: one HTTP server in threads of its own, and the mail catcher.

use std::io::{Error, Result};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, middleware, web};
use tempfile::TempDir;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::limits::Limits;
use crate::mail::{self, Mailbox};
use crate::recorder::{self, Recorder};
use crate::requests::Requests;
use crate::store::Store;
use crate::switches::Switches;
use crate::{Options, Shared, control, people, wrapper, xero, zoho};

/// The largest body anybody may send: Xero documents 3.5 MB, Zoho less, the control plane takes lists of records.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Longer than clients keep an idle connection for its next use, so that none is closed under a request.
const KEEP_ALIVE: Duration = Duration::from_secs(600);

/// A running sandbox. Dropping it without `stop` leaves the server running until the process ends.
pub struct Sandbox {
    shared: Shared,
    smtp_port: u16,
    http: ServerHandle,
    thread: Option<JoinHandle<()>>,
    smtp: mail::Server,
    _folder: Option<TempDir>,
}

/// Binds 127.0.0.1 only; ready to answer when it returns.
pub async fn start(options: Options) -> Result<Sandbox> {
    let listener = TcpListener::bind(("127.0.0.1", options.port))?;
    let base: Arc<str> = format!("http://127.0.0.1:{}", listener.local_addr()?.port()).into();
    let folder = if options.data_dir.is_none() { Some(tempfile::tempdir()?) } else { None };
    let path = match (&options.data_dir, &folder) {
        (Some(path), _) => path.clone(),
        (None, Some(folder)) => folder.path().to_path_buf(),
        (None, None) => return Err(Error::other("no folder to keep the companies in")),
    };
    std::fs::create_dir_all(&path)?;
    let clock = Clock::default();
    let shared = Shared {
        store: Store::open(Some(&path.join("sandbox.db"))).map_err(Error::other)?,
        limits: Limits::new(clock.clone(), options.realistic_limits),
        clock,
        requests: Requests::default(),
        faults: Faults::default(),
        switches: Switches::default(),
        mail: Mailbox::default(),
        recorder: Recorder::from_environment()?,
        xero: xero::State::default(),
        zoho: zoho::State::default(),
        base,
    };
    prepare(&shared)?;
    let smtp = mail::listen(options.smtp_port, shared.mail.clone(), shared.clock.clone()).await?;
    let (http, thread) = serve(listener, shared.clone())?;
    Ok(Sandbox { shared, smtp_port: smtp.port(), http, thread: Some(thread), smtp, _folder: folder })
}

/// Tables, and what exists before anybody does anything: users, organisations, system accounts. A folder from before has them.
fn prepare(shared: &Shared) -> Result<()> {
    const LAYOUT: i64 = 3;
    let found = shared.store.with(|connection| connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)));
    match found.map_err(Error::other)? {
        LAYOUT => return Ok(()),
        0 => {}
        other => {
            return Err(Error::other(format!("the folder holds a sandbox of layout {other}, this one is {LAYOUT}; remove it")));
        }
    }
    shared
        .store
        .atomically(|connection| {
            xero::create_tables(connection)?;
            people::create_tables(connection)?;
            zoho::create_tables(connection)
        })
        .map_err(Error::other)?;
    xero::seed(shared).map_err(Error::other)?;
    zoho::seed(shared);
    shared.store.with(|connection| connection.pragma_update(None, "user_version", LAYOUT)).map_err(Error::other)
}

fn serve(listener: TcpListener, shared: Shared) -> Result<(ServerHandle, JoinHandle<()>)> {
    let (ready, started) = std::sync::mpsc::channel();
    let thread = std::thread::Builder::new().name("sandbox".into()).spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            actix_web::rt::spawn(zoho::webhooks::run(shared.clone()));
            let server = HttpServer::new(move || {
                App::new()
                    .app_data(web::Data::new(shared.clone()))
                    .app_data(web::PayloadConfig::new(BODY_BYTES_MAX))
                    .app_data(web::JsonConfig::default().limit(BODY_BYTES_MAX))
                    .app_data(web::FormConfig::default().limit(BODY_BYTES_MAX))
                    .wrap(middleware::from_fn(wrapper::wrap))
                    .configure(zoho::configure)
                    .configure(xero::configure)
                    .configure(control::configure)
                    .configure(people::configure)
                    .configure(recorder::configure)
                    .default_service(web::to(HttpResponse::NotFound))
            })
            .on_connect(wrapper::keep_socket)
            .workers(1)
            // The one worker waits while a company is planted. A caller who waits with it has done nothing wrong: by actix's own
            // five seconds his connection would be closed without an answer.
            .client_request_timeout(Duration::ZERO)
            .keep_alive(KEEP_ALIVE)
            .disable_signals()
            .listen(listener)
            .map(HttpServer::run);
            match server {
                Ok(server) => {
                    let _ = ready.send(Ok(server.handle()));
                    if let Err(error) = server.await {
                        tracing::error!(%error, "the sandbox's server ended badly");
                    }
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                }
            }
        });
    })?;
    let handle = started.recv().map_err(Error::other)??;
    Ok((handle, thread))
}

impl Sandbox {
    /// `http://127.0.0.1:<port>`.
    pub fn url(&self) -> &str {
        &self.shared.base
    }

    /// Where letters are caught.
    pub fn smtp_url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.smtp_port)
    }

    /// The inside, for tests and for `cpconnect demo` in the same process.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Every setting that points CP Connect at this sandbox.
    pub fn environment(&self) -> Vec<(String, String)> {
        let base = &*self.shared.base;
        let centre = |dc: &str| format!("{dc}={base}/zoho/{dc}/accounts|{base}/zoho/{dc}/api|{base}/zoho/{dc}/web");
        let settings = [
            ("XERO_LOGIN_URL", format!("{base}/xero/login")),
            ("XERO_IDENTITY_URL", format!("{base}/xero/identity")),
            ("XERO_API_URL", format!("{base}/xero/api")),
            ("XERO_GO_URL", format!("{base}/xero/go")),
            ("XERO_CLIENT_ID", crate::XERO_CLIENT_ID.into()),
            ("XERO_CLIENT_SECRET", crate::XERO_CLIENT_SECRET.into()),
            ("XERO_WEBHOOK_KEY", crate::XERO_WEBHOOK_KEY.into()),
            ("ZOHO_ACCOUNTS_URL", format!("{base}/zoho/us/accounts")),
            ("ZOHO_DATA_CENTRES", ["us", "eu", "uk"].map(centre).join(",")),
            ("ZOHO_CLIENT_ID", crate::ZOHO_CLIENT_ID.into()),
            ("ZOHO_CLIENT_SECRET", crate::ZOHO_CLIENT_SECRET.into()),
            ("SMTP_URL", self.smtp_url()),
        ];
        settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Ends both servers and removes the temporary folder.
    pub async fn stop(mut self) {
        self.http.stop(false).await;
        self.smtp.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
