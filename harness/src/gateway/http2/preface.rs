//! How HTTP/2 is known by its first bytes.

/// What a client says first.
pub(in crate::gateway) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The length of a frame's head.
const FRAME_HEAD_BYTES: usize = 9;
/// The length of one setting.
const SETTING_BYTES: usize = 6;
/// The longest frame that a side may send before it was allowed longer ones.
const FRAME_BYTES: usize = 16 * 1024;

/// Whether a caller's bytes begin with HTTP/2's preface; `None`: more of them are needed to tell.
pub(in crate::gateway) fn begins(bytes: &[u8]) -> Option<bool> {
    let length = bytes.len().min(PREFACE.len());
    match bytes[..length] == PREFACE[..length] {
        true if length < PREFACE.len() => None,
        same => Some(same),
    }
}

/// Whether a callee's bytes begin like HTTP/2, with a frame of settings; `None`: more of them are needed to tell.
pub(in crate::gateway) fn answers(bytes: &[u8]) -> Option<bool> {
    const SETTINGS: u8 = 4;
    const ACK: u8 = 1;
    let fits = bytes.iter().take(FRAME_HEAD_BYTES).enumerate();
    let fits = fits.into_iter().all(|(at, byte)| match at {
        0 => *byte == 0,
        3 => *byte == SETTINGS,
        4 => byte & ACK == 0,
        // The highest bit of a stream's number has no meaning.
        5 => byte & 0x7f == 0,
        6.. => *byte == 0,
        _ => true,
    });
    match (fits, bytes) {
        (true, [_, high, low, _, _, _, _, _, _, ..]) => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            Some(length <= FRAME_BYTES && length % SETTING_BYTES == 0)
        }
        (true, _) => None,
        (false, _) => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn a_caller_s_preface_is_known_by_all_of_its_bytes() {
        for length in 0..PREFACE.len() {
            assert_eq!(begins(&PREFACE[..length]), None);
            assert_eq!(begins(&[&PREFACE[..length], b"x"].concat()), Some(false));
        }
        assert_eq!(begins(PREFACE), Some(true));
        assert_eq!(begins(&[PREFACE, b"\0\0\0"].concat()), Some(true));
        assert_eq!(begins(b"POST / HTTP/1.1\r\n"), Some(false));
    }

    #[test]
    fn a_callee_s_settings_are_known_by_the_head_of_their_frame() {
        let check = |bytes: &[u8], expected| assert_eq!(answers(bytes), expected, "{bytes:?}");
        let settings = [0, 0, 12, 4, 0, 0, 0, 0, 0, 0, 3];
        for length in 0..FRAME_HEAD_BYTES {
            check(&settings[..length], None);
        }
        check(&settings[..FRAME_HEAD_BYTES], Some(true));
        check(&settings, Some(true));
        check(&[0, 0, 0, 4, 0, 0x80, 0, 0, 0], Some(true));
        check(&[0, 0, 0, 4, 1, 0, 0, 0, 0], Some(false));
        check(&[0, 0, 7, 4, 0, 0, 0, 0, 0], Some(false));
        check(&[0, 0xff, 0xf0, 4, 0, 0, 0, 0, 0], Some(false));
        check(&[0, 0, 0, 4, 0, 0, 0, 0, 1], Some(false));
        check(&[0, 0, 0, 0, 0, 0, 0, 0, 0], Some(false));
        check(b"HTTP/1.1 400 Bad Request", Some(false));
        check(b"HTTP", Some(false));
        check(b"220 welcome", Some(false));
        // How MySQL greets.
        check(&[0x4a, 0, 0, 0, 0x0a], Some(false));
    }

    /// Bytes that begin with one of these, with at most one byte of it changed.
    fn like(beginning: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
        let change = proptest::option::of((0..beginning.len(), any::<u8>()));
        (change, 0..=beginning.len(), vec(any::<u8>(), 0..20)).prop_map(
            move |(change, length, rest)| {
                let mut bytes = beginning.to_vec();
                if let Some((at, byte)) = change {
                    bytes[at] = byte;
                }
                [&bytes[..length], &rest].concat()
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_known_of_a_side_stays_so_whatever_it_goes_on_to_say(
            sent in like(PREFACE), answered in like(&[0, 0, 12, 4, 0, 0, 0, 0, 0])
        ) {
            for (told, bytes, needed) in [
                (begins as fn(&[u8]) -> Option<bool>, &sent, PREFACE.len()),
                (answers, &answered, FRAME_HEAD_BYTES),
            ] {
                let whole = told(bytes);
                prop_assert!(bytes.len() < needed || whole.is_some());
                for end in 0..bytes.len() {
                    let part = told(&bytes[..end]);
                    prop_assert!(part.is_none() || part == whole, "{}: {:?}", end, part);
                }
            }
            prop_assert_eq!(begins(&sent) == Some(true), sent.starts_with(PREFACE));
        }
    }
}
