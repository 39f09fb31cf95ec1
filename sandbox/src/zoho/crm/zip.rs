//! The little of ZIP that bulk files need: reading the entries of an archive, writing an archive of one.

use std::io::{Read, Write};

use flate2::Crc;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// All entries together unpack to no more than this.
const UNPACKED_BYTES_MAX: u64 = 256 * 1024 * 1024;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// Names and contents, in the order of the directory. None: it is no archive, or one that cannot be read.
pub fn entries(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    within(bytes, UNPACKED_BYTES_MAX)
}

/// `left`: bytes that the entries may yet unpack to. Many of them can name the same place of a small archive.
fn within(bytes: &[u8], mut left: u64) -> Option<Vec<(String, Vec<u8>)>> {
    let end = (0..=bytes.len().checked_sub(22)?).rev().take(65_558).find(|at| bytes[*at..].starts_with(b"PK\x05\x06"))?;
    let count = short(bytes, end + 10)?;
    let mut at = long(bytes, end + 16)? as usize;
    let mut found = Vec::with_capacity(count.into());
    for _ in 0..count {
        if !bytes.get(at..)?.starts_with(b"PK\x01\x02") {
            return None;
        }
        let (method, packed, place) = (short(bytes, at + 10)?, long(bytes, at + 20)? as usize, long(bytes, at + 42)? as usize);
        let (name, extra, comment) =
            (short(bytes, at + 28)? as usize, short(bytes, at + 30)? as usize, short(bytes, at + 32)? as usize);
        let title = String::from_utf8(bytes.get(at + 46..at + 46 + name)?.to_vec()).ok()?;
        at += 46 + name + extra + comment;
        if !title.ends_with('/') {
            let body = place + 30 + short(bytes, place + 26)? as usize + short(bytes, place + 28)? as usize;
            let content = unpacked(method, bytes.get(body..body.checked_add(packed)?)?, left)?;
            left -= content.len() as u64;
            found.push((title, content));
        }
    }
    Some(found)
}

fn unpacked(method: u16, bytes: &[u8], most: u64) -> Option<Vec<u8>> {
    match method {
        STORED => (bytes.len() as u64 <= most).then(|| bytes.to_vec()),
        DEFLATED => {
            let mut content = Vec::new();
            let mut reader = DeflateDecoder::new(bytes).take(most + 1);
            reader.read_to_end(&mut content).ok()?;
            (content.len() as u64 <= most).then_some(content)
        }
        _ => None,
    }
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// An archive of one file that is fed piece by piece, so that it is never held unpacked.
pub struct Packer {
    name: String,
    packed: DeflateEncoder<Vec<u8>>,
    sum: Crc,
}

impl Packer {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), packed: DeflateEncoder::new(Vec::new(), flate2::Compression::fast()), sum: Crc::new() }
    }

    pub fn feed(&mut self, text: &str) -> std::io::Result<()> {
        self.sum.update(text.as_bytes());
        self.packed.write_all(text.as_bytes())
    }

    pub fn finish(self) -> std::io::Result<Vec<u8>> {
        let content = self.packed.finish()?;
        let mut head = Vec::new();
        // Version 2.0, no flags, deflated, midnight of 1 January 1980.
        for figure in [20_u16, 0x0800, DEFLATED, 0, 33] {
            head.extend(figure.to_le_bytes());
        }
        for figure in [self.sum.sum(), content.len() as u32, self.sum.amount()] {
            head.extend(figure.to_le_bytes());
        }
        head.extend((self.name.len() as u16).to_le_bytes());
        head.extend(0_u16.to_le_bytes());
        let mut archive = [b"PK\x03\x04".as_slice(), &head, self.name.as_bytes(), &content].concat();
        let directory = archive.len() as u32;
        archive.extend(b"PK\x01\x02\x14\x00");
        archive.extend(&head);
        // No comment, first disk, no attributes; the file begins at zero.
        archive.extend([0; 14]);
        archive.extend(self.name.as_bytes());
        let length = archive.len() as u32 - directory;
        archive.extend(b"PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00");
        archive.extend(length.to_le_bytes());
        archive.extend(directory.to_le_bytes());
        archive.extend([0; 2]);
        Ok(archive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let mut packer = Packer::new("a.csv");
        packer.feed("Last_Name\n").unwrap();
        packer.feed(&"Ada\n".repeat(1000)).unwrap();
        let archive = packer.finish().unwrap();
        assert!(archive.len() < 500);
        let found = entries(&archive).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0.as_str(), found[0].1.len()), ("a.csv", 4010));
    }

    #[test]
    fn many_entries_of_one_place_unpack_to_no_more_than_one_of_that_size() {
        let mut packer = Packer::new("a.csv");
        packer.feed(&"x".repeat(1000)).unwrap();
        let mut archive = packer.finish().unwrap();
        let end = archive.split_off(archive.len() - 22);
        let entry = long(&end, 12).unwrap() as usize;
        archive.extend_from_within(archive.len() - entry..);
        archive.extend(&end);
        let count = archive.len() - 22 + 10;
        archive[count..count + 2].copy_from_slice(&2_u16.to_le_bytes());
        assert_eq!(within(&archive, 2000).unwrap().len(), 2);
        assert!(within(&archive, 1999).is_none());
    }

    #[test]
    fn what_is_no_archive_is_nothing() {
        assert!(entries(b"").is_none());
        assert!(entries(b"Last_Name\nAda\n and enough bytes to look into").is_none());
        let mut packer = Packer::new("a.csv");
        packer.feed("x").unwrap();
        let archive = packer.finish().unwrap();
        assert!(entries(&archive[..archive.len() - 1]).is_none());
    }
}
