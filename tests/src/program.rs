//! The real binary, as a process of its own: started, killed, asked.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

use tokio::process::{Child, Command};

/// Where the binary is. Built once by the cargo that runs the tests, so it is never an old one; `CPCONNECT_BINARY` names another.
/// Named beside this package, it is built with the very dependencies that the tests have: alone, all that stand on serde would be built again.
pub fn path() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        if let Some(named) = std::env::var_os("CPCONNECT_BINARY") {
            return named.into();
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = std::process::Command::new(cargo)
            .args(["build", "--quiet", "--package", "cpconnect", "--package", "tests", "--bin", "cpconnect"])
            .status()
            .expect("cargo");
        assert!(built.success(), "the binary does not build");
        // target/debug/deps/it-… → target/debug/cpconnect
        let own = std::env::current_exe().expect("this test's own path");
        let folder = own.parent().and_then(|deps| deps.parent()).expect("the folder of builds");
        folder.join(format!("cpconnect{}", std::env::consts::EXE_SUFFIX))
    })
    .clone()
}

/// Starts `cpconnect` with nothing of this process's environment but what is given.
pub fn start(arguments: &[&str], environment: &[(String, String)]) -> Child {
    let mut command = Command::new(path());
    command
        .args(arguments)
        .env_clear()
        .envs(environment.iter().cloned())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command.spawn().expect("cpconnect starts")
}

/// The same, with everything it says written to a file.
pub fn start_logging(arguments: &[&str], environment: &[(String, String)], log: &Path) -> Child {
    let file = std::fs::File::create(log).expect("a file for the log");
    let mut command = Command::new(path());
    command.args(arguments).env_clear().envs(environment.iter().cloned()).stdin(Stdio::null()).kill_on_drop(true);
    command.stdout(file.try_clone().expect("the file twice")).stderr(file);
    command.spawn().expect("cpconnect starts")
}

/// Runs `cpconnect` to its end. Gives its exit code, what it printed, and what it complained about.
pub async fn run(arguments: &[&str], environment: &[(String, String)]) -> (Option<i32>, String, String) {
    let output = Command::new(path())
        .args(arguments)
        .env_clear()
        .envs(environment.iter().cloned())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("cpconnect runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Sends a signal to a process: `-TERM`, `-HUP`.
pub fn signal(signal: &str, process: impl std::fmt::Display) {
    let sent = std::process::Command::new("kill").args([signal, &process.to_string()]).status().expect("kill runs");
    assert!(sent.success(), "{signal} to {process}");
}
