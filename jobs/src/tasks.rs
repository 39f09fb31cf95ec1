//! The jobs, one a file.

pub mod run_link;
pub mod send_letter;
pub mod timetable;
