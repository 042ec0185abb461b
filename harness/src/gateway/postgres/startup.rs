//! What a client says before its first frame.

/// The version of the protocol that is understood, without its minor part.
const MAJOR: u32 = 3;
const CANCEL: u32 = 80_877_102;
const TLS: u32 = 80_877_103;
const GSSAPI: u32 = 80_877_104;
/// The longest packet that PostgreSQL accepts here.
const LONGEST: usize = 10_000;
/// Length and code.
const HEAD: usize = 8;

/// A packet without a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) enum Packet {
    /// The session begins; so long is the packet.
    Startup(usize),
    /// Encryption is asked for; so long is the packet.
    Encryption(usize),
    /// A query of another session is to be cancelled.
    Cancel,
    /// More bytes are needed to tell.
    Partial,
    /// Something else.
    Other,
}

/// The packet at the beginning of what a client said.
pub(in crate::gateway) fn packet(bytes: &[u8]) -> Packet {
    let Some(head) = bytes.first_chunk::<HEAD>() else {
        // The highest bytes of any length are 0, which no protocol of text begins with.
        let zeros = bytes.iter().take(2).all(|byte| *byte == 0);
        return match zeros {
            true => Packet::Partial,
            false => Packet::Other,
        };
    };
    let [a, b, c, d, code @ ..] = *head;
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    match (u32::from_be_bytes(code), length) {
        (CANCEL, HEAD..=LONGEST) => Packet::Cancel,
        (TLS | GSSAPI, HEAD) => Packet::Encryption(length),
        (code, HEAD..=LONGEST) if code >> 16 == MAJOR => Packet::Startup(length),
        _ => Packet::Other,
    }
}

/// Whether bytes begin like a client of PostgreSQL; `None`: more of them are needed to tell.
pub(in crate::gateway) fn begins(bytes: &[u8]) -> Option<bool> {
    match packet(bytes) {
        Packet::Partial => None,
        Packet::Other => Some(false),
        Packet::Startup(_) | Packet::Encryption(_) | Packet::Cancel => Some(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    #[test]
    fn a_client_is_known_by_its_first_packet() {
        let check = |bytes: &[u8], expected| {
            assert_eq!(packet(bytes), expected, "{bytes:?}");
            // Any part of it is either too short to tell or tells the same.
            for end in 0..bytes.len() {
                let part = packet(&bytes[..end]);
                assert!(
                    part == Packet::Partial || part == expected,
                    "{end}: {part:?}"
                );
            }
        };
        let packet = |length: u32, code: u32| [length.to_be_bytes(), code.to_be_bytes()].concat();
        check(&packet(20, 196_608), Packet::Startup(20));
        check(&packet(20, 196_610), Packet::Startup(20));
        check(&packet(8, TLS), Packet::Encryption(8));
        check(&packet(8, GSSAPI), Packet::Encryption(8));
        check(&packet(16, CANCEL), Packet::Cancel);
        check(&packet(20, 131_072), Packet::Other);
        check(&packet(7, 196_608), Packet::Other);
        check(&packet(10_001, 196_608), Packet::Other);
        check(b"GET / HTTP/1.1\r\n\r\n", Packet::Other);
        check(b"\x16\x03\x01\x02\x00\x01\x00\x01", Packet::Other);
        check(b"", Packet::Partial);
    }

    /// What may be the first packet, and what follows it.
    fn openings() -> impl Strategy<Value = Vec<u8>> {
        let length = prop_oneof![
            select(vec![0u32, 7, 8, 9, 10_000, 10_001, 65_536]),
            any::<u32>()
        ];
        let code = prop_oneof![
            select(vec![196_608, 196_610, 131_072, CANCEL, TLS, GSSAPI]),
            any::<u32>()
        ];
        let begun = (length, code, vec(any::<u8>(), 0..20)).prop_map(|(length, code, rest)| {
            [&length.to_be_bytes()[..], &code.to_be_bytes(), &rest].concat()
        });
        prop_oneof![begun, vec(prop_oneof![Just(0), any::<u8>()], 0..20)]
    }

    proptest! {
        #[test]
        fn what_is_known_of_a_client_stays_so_whatever_it_goes_on_to_say(bytes in openings()) {
            let whole = packet(&bytes);
            prop_assert!(bytes.len() < HEAD || whole != Packet::Partial);
            for end in 0..bytes.len() {
                let part = packet(&bytes[..end]);
                prop_assert!(part == Packet::Partial || part == whole, "{}: {:?}", end, part);
            }
            if let Packet::Startup(length) | Packet::Encryption(length) = whole {
                prop_assert!((HEAD..=LONGEST).contains(&length));
                prop_assert_eq!(&bytes[..4], (length as u32).to_be_bytes());
            }
        }
    }
}
