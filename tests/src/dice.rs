//! Numbers that are the same for the same seed (splitmix64).

use rust_decimal::Decimal;

pub struct Dice(pub u64);

impl Dice {
    /// At least 0, less than `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit.max(1)
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub fn one_of<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// A number of up to `digits` digits with so many decimals or fewer.
    pub fn decimal(&mut self, digits: u32, scale_max: u32) -> Decimal {
        let scale = self.below(u64::from(scale_max) + 1) as u32;
        let digits = 1 + self.below(u64::from(digits)) as u32;
        Decimal::new(1 + self.below(10u64.pow(digits)) as i64, scale)
    }
}
