//! Prints: keyed hashes of the fields we carry. They tell whether a field has changed without keeping its value.

/// Bytes of one field's print. 64 bits: two values of one field of one record are compared, so chance is no concern.
pub const FIELD_PRINT_BYTES: usize = 8;

/// One field's print among all of a record's. `None`: the record was printed before the field was added.
pub fn field(prints: &[u8], n: usize) -> Option<&[u8]> {
    prints.get(n * FIELD_PRINT_BYTES..(n + 1) * FIELD_PRINT_BYTES)
}

/// The tenant's key for prints: without it a print cannot be guessed back into a value.
#[derive(Clone)]
pub struct PrintKey([u8; 32]);

impl PrintKey {
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The print of one text, for look-ups by a natural key such as an account code.
    pub fn of(&self, text: &str) -> [u8; 16] {
        let mut out = [0; 16];
        out.copy_from_slice(&blake3::keyed_hash(&self.0, text.as_bytes()).as_bytes()[..16]);
        out
    }
}

/// Takes the values of one field in turn and gives their print.
pub struct Printer {
    hasher: blake3::Hasher,
}

impl Printer {
    pub fn new(key: &PrintKey) -> Self {
        Self { hasher: blake3::Hasher::new_keyed(&key.0) }
    }

    /// A text; `None` and "" differ from each other and from every other text.
    pub fn text(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            Some(text) => {
                self.hasher.update(&(text.len() as u64 + 1).to_le_bytes());
                self.hasher.update(text.as_bytes());
            }
            None => {
                self.hasher.update(&0u64.to_le_bytes());
            }
        }
        self
    }

    /// An amount; 1.5 and 1.50 are the same amount.
    pub fn amount(&mut self, value: Option<rust_decimal::Decimal>) -> &mut Self {
        match value {
            Some(amount) => {
                let amount = amount.normalize();
                self.hasher.update(&[1]);
                self.hasher.update(&amount.mantissa().to_le_bytes());
                self.hasher.update(&amount.scale().to_le_bytes());
            }
            None => {
                self.hasher.update(&[0]);
            }
        }
        self
    }

    /// A yes or no.
    pub fn flag(&mut self, value: bool) -> &mut Self {
        self.hasher.update(&[value as u8 + 2]);
        self
    }

    /// How many of something follow, so that two lists never run into each other.
    pub fn count(&mut self, n: usize) -> &mut Self {
        self.hasher.update(&(n as u64).to_le_bytes());
        self
    }

    /// A calendar day, or none.
    pub fn day(&mut self, day: Option<chrono::NaiveDate>) -> &mut Self {
        self.count(day.map_or(0, |day| chrono::Datelike::num_days_from_ce(&day) as usize))
    }

    /// Ends this field and starts the next: the print so far.
    pub fn finish(&mut self) -> [u8; FIELD_PRINT_BYTES] {
        let mut out = [0; FIELD_PRINT_BYTES];
        out.copy_from_slice(&self.hasher.finalize().as_bytes()[..FIELD_PRINT_BYTES]);
        self.hasher.reset();
        out
    }
}
