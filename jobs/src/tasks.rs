//! The jobs, one a file.

pub mod purge_tenant;
pub mod run_link;
pub mod send_letter;
pub mod tell_partner;
pub mod timetable;
