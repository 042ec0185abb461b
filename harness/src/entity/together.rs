//! What one event tells by several rules is so at one moment, in whichever order the rules stand: it is learnt together
//! before anybody looks.

use super::Observation;

/// Puts together what one event told of each entity. Where several rules tell the same field or event, each of them counts:
/// one comes after the other, and only then.
pub(super) fn together(observations: Vec<Observation>) -> Vec<Vec<Observation>> {
    let mut turns: Vec<Vec<Observation>> = Vec::new();
    for observation in observations {
        let clash = turns.iter().rposition(|turn| {
            turn.iter()
                .any(|known| alike(known, &observation) && clash(known, &observation))
        });
        let next = clash.map_or(0, |turn| turn + 1);
        let mut later = turns.iter_mut().skip(next);
        match later.find(|turn| alike(&turn[0], &observation)) {
            Some(turn) => turn.push(observation),
            None => turns.push(vec![observation]),
        }
    }
    turns
}

/// Whether both are about the same entity.
fn alike(one: &Observation, other: &Observation) -> bool {
    one.entity == other.entity && one.id == other.id
}

/// Whether both tell the same field or event.
fn clash(one: &Observation, other: &Observation) -> bool {
    let event = one.event.is_some() && one.event == other.event;
    event || one.set.keys().any(|field| other.set.contains_key(field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What is told such as `7 a=1 b=2 +stored`, put together.
    fn turns(told: &[&str]) -> Vec<String> {
        let observation = |line: &&str| {
            let mut words = line.split(' ');
            let mut observation = Observation {
                at_ns: 1,
                since_ns: 1,
                looked: false,
                seq: 1,
                entity: "job".to_owned(),
                id: words.next().unwrap().to_owned(),
                set: Default::default(),
                event: None,
                source: "call tell".to_owned(),
                rule: None,
            };
            for word in words {
                match word.split_once('=') {
                    Some((field, value)) => {
                        observation.set.insert(field.to_owned(), json!(value));
                    }
                    None => observation.event = Some(word.to_owned()),
                }
            }
            observation
        };
        let turns = together(told.iter().map(observation).collect());
        let words = |one: &Observation| {
            let set = one
                .set
                .iter()
                .map(|(k, v)| format!("{k}={}", v.as_str().unwrap()));
            set.chain(one.event.clone()).collect::<Vec<_>>().join(" ")
        };
        let one = |turn: &Vec<Observation>| {
            let all: Vec<String> = turn.iter().map(words).collect();
            format!("{}: {}", turn[0].id, all.join(", "))
        };
        turns.iter().map(one).collect()
    }

    #[test]
    fn what_several_rules_tell_of_an_entity_comes_at_once() {
        let told = ["7 a=1", "8 a=1", "7 +stored", "7 b=2", "8 +sent"];
        assert_eq!(turns(&told), ["7: a=1, +stored, b=2", "8: a=1, +sent"]);
    }

    #[test]
    fn what_they_tell_twice_comes_twice_and_in_their_order() {
        let told = [
            "7 a=1",
            "7 +stored",
            "7 a=2 b=1",
            "7 b=2",
            "7 +stored",
            "7 c=1",
        ];
        let expected = ["7: a=1, +stored, c=1", "7: a=2 b=1, +stored", "7: b=2"];
        assert_eq!(turns(&told), expected);
    }
}
