//! The one binary. What it does is in `commands`.

use std::process::ExitCode;

fn main() -> ExitCode {
    api::commands::run()
}
