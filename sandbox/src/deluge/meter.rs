//! What a script may spend: steps, and bytes it makes or looks through.

use super::Mistake;

/// Statements, expressions and calls. A button's script takes a few dozen.
const STEPS_MAX: u32 = 50_000;
/// Bytes of texts and collections that are made, copied or searched, over the whole run; nothing is given back.
const BYTES_MAX: usize = 8 * 1024 * 1024;

pub struct Meter {
    steps: u32,
    bytes: usize,
}

impl Default for Meter {
    fn default() -> Self {
        Self { steps: STEPS_MAX, bytes: BYTES_MAX }
    }
}

impl Meter {
    pub fn step(&mut self, line: usize) -> Result<(), Mistake> {
        self.steps =
            self.steps.checked_sub(1).ok_or_else(|| Mistake::at(line, "The script takes too many steps and was stopped."))?;
        Ok(())
    }

    /// Counts a little more than was asked for, because nothing is free.
    pub fn touch(&mut self, bytes: usize, line: usize) -> Result<(), Mistake> {
        self.bytes = bytes
            .checked_add(8)
            .and_then(|bytes| self.bytes.checked_sub(bytes))
            .ok_or_else(|| Mistake::at(line, "The script takes too much memory and was stopped."))?;
        Ok(())
    }
}
