//! One test binary; one file a story.

mod migration;
