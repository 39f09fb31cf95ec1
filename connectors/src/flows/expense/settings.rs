//! What Expense has of its settings as Books has it.

use crate::flow::Flow;
use crate::flows::books::currencies::Currencies;
use crate::flows::shared::{ALIKE, Differs, Shared};

pub static CURRENCIES: Shared =
    Shared::new("expense.currencies", &Currencies, Currencies::ZOHO, &[], Differs { back: false, ..ALIKE });
