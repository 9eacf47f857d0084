//! The chunks of a PNG file.

/// The end that every PNG file should have.
const END: &[u8] = b"\0\0\0\0IEND\xAE\x42\x60\x82";

/// The same file with an end chunk, where its end is missing or cut behind the pixels; none where it is there, or pixels
/// are missing. Pillow, too, reads a file whose pixels are all there.
pub(super) fn ended(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut at, mut pixels) = (8, false);
    loop {
        let chunk = bytes.get(at..)?;
        let Some((head, rest)) = chunk.split_first_chunk::<8>() else { break };
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let kind = &head[4..];
        let whole = rest.len() >= length.saturating_add(4);
        match kind {
            b"IEND" if whole => return None,
            b"IDAT" if !whole => return None,
            _ if !whole => break,
            b"IDAT" => pixels = true,
            _ => {}
        }
        at += length + 12;
    }
    pixels.then(|| [&bytes[..at], END].concat())
}

/// The same file with the right check sums of its pixels' chunks, where one is wrong; Pillow does not look at them.
pub(super) fn summed(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut at, mut changed) = (8, None);
    while let Some(head) = bytes.get(at..)?.first_chunk::<8>() {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let end = at.checked_add(length)?.checked_add(8)?;
        let Some(sum) = bytes.get(end..).and_then(|rest| rest.first_chunk::<4>()) else { break };
        if &head[4..] == b"IDAT" {
            let mut right = flate2::Crc::new();
            right.update(&bytes[at + 4..end]);
            if right.sum().to_be_bytes() != *sum {
                let copy = changed.get_or_insert_with(|| bytes.to_vec());
                copy[end..end + 4].copy_from_slice(&right.sum().to_be_bytes());
            }
        }
        at = end + 4;
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_added_where_only_that_is_missing() {
        let chunk = |kind: &[u8], content: &[u8]| {
            [&(content.len() as u32).to_be_bytes(), kind, content, &[0; 4]].concat()
        };
        let start = [b"\x89PNG\r\n\x1A\n".to_vec(), chunk(b"IHDR", &[1; 13])].concat();
        let pixels = [start.clone(), chunk(b"IDAT", &[2; 30])].concat();
        let whole = [&pixels[..], END].concat();
        assert_eq!(ended(&whole), None);
        assert_eq!(ended(&[&whole[..], b"junk"].concat()), None);
        for cut in 1..=12 {
            assert_eq!(ended(&whole[..whole.len() - cut]), Some(whole.clone()), "{cut}");
        }
        let text = [pixels.clone(), chunk(b"tEXt", b"key\0value")].concat();
        assert_eq!(ended(&text[..text.len() - 6]), Some(whole.clone()));
        assert_eq!(ended(&pixels[..pixels.len() - 1]), None);
        assert_eq!(ended(&start), None);
        assert_eq!(ended(&start[..5]), None);
        assert_eq!(ended(&[]), None);
    }
}
