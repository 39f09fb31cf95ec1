//! Letters and the post: what we write to customers, and how it leaves the house.
//! Knows no database: a letter is given its words.

pub mod letters;
pub mod post;

pub use letters::{ConsentWords, Letter, ReconnectWords, consent, reconnect};
pub use post::{BadSetting, Post, PostTrouble};
