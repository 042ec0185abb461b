//! What is wrong with a link at the moment, for all its connections together.
//!
//! Several shapes may lie on one link. They compose so: what is cut lets nothing pass; delays add up; the narrowest
//! bandwidth counts; the first reset that is due resets.

use super::raw;
use super::wire::Counter;
use super::{Report, Shape};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// A narrow link passes bytes in pieces of so much time, so that it is narrow at any moment.
pub(super) const PIECE: Duration = Duration::from_millis(10);

/// All links, by client and service.
pub(super) struct Pipes {
    pipes: Mutex<HashMap<(String, String), Arc<Pipe>>>,
    reports: mpsc::UnboundedSender<Report>,
}

/// One link.
pub(super) struct Pipe {
    /// Whether any shape lies on it: all that a connection looks at while nothing is wrong.
    bent: AtomicBool,
    shapes: Mutex<Shapes>,
    reports: Option<mpsc::UnboundedSender<Report>>,
}

#[derive(Default)]
struct Shapes {
    laid: Vec<Laid>,
    /// Who waits for a change, by the number that each way of a connection has.
    waiting: HashMap<u64, Waker>,
    /// The connections that are open, each by the number of its first way.
    open: HashMap<u64, Open>,
    /// When each way is free again.
    up_free: Option<Instant>,
    down_free: Option<Instant>,
}

struct Laid {
    number: u64,
    shape: Shape,
    random: ChaCha8Rng,
    felt: bool,
}

/// An open connection.
struct Open {
    socket: RawFd,
    counter: Arc<Counter>,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From the client to the service.
    Up,
    /// From the service to the client.
    Down,
}

/// What a connection has to do at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bend {
    pub(super) cut: bool,
    /// The delay for what the client sends.
    pub(super) delay: Duration,
    /// The longest that the delay can be.
    pub(super) longest: Duration,
    pub(super) bytes_per_s: Option<u64>,
    /// The shape that resets each connection, and after how many bytes.
    pub(super) reset: Option<(u64, u64)>,
}

impl Pipes {
    /// Nothing is wrong anywhere.
    pub(super) fn new(reports: mpsc::UnboundedSender<Report>) -> Pipes {
        let pipes = Mutex::default();
        Pipes { pipes, reports }
    }

    /// Resets every connection that is open to a service now.
    pub(super) fn drop_all(&self, number: u64, service: &str) {
        let pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = pipes.iter().filter(|((_, to), _)| to == service);
        let dropped: usize = theirs.map(|(_, pipe)| pipe.drop_all()).sum();
        if dropped > 0 {
            // Without a receiver nobody is interested any more.
            let _ = self.reports.send(Report::Felt { shape: number });
        }
    }

    /// The link between two services.
    pub(super) fn between(&self, client: &str, service: &str) -> Arc<Pipe> {
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (client.to_owned(), service.to_owned());
        let new = || Pipe::new(Some(self.reports.clone()));
        pipes.entry(key).or_insert_with(new).clone()
    }
}

impl Pipe {
    /// A link with which nothing is ever wrong.
    pub(super) fn straight() -> Arc<Pipe> {
        Pipe::new(None)
    }

    fn new(reports: Option<mpsc::UnboundedSender<Report>>) -> Arc<Pipe> {
        Arc::new(Pipe {
            bent: AtomicBool::new(false),
            shapes: Mutex::default(),
            reports,
        })
    }

    /// Lays a shape on the link, or takes it away.
    pub(super) fn shape(&self, number: u64, shape: Option<Shape>, seed: u64) {
        let mut shapes = self.shapes();
        shapes.laid.retain(|laid| laid.number != number);
        shapes.laid.extend(shape.map(|shape| Laid {
            number,
            shape,
            random: ChaCha8Rng::seed_from_u64(seed),
            felt: false,
        }));
        let bent = !shapes.laid.is_empty();
        if !bent {
            (shapes.up_free, shapes.down_free) = (None, None);
        }
        self.bent.store(bent, Ordering::Release);
        shapes.waiting.drain().for_each(|(_, waker)| waker.wake());
    }

    /// Whether anything is wrong with it.
    pub(super) fn bent(&self) -> bool {
        self.bent.load(Ordering::Acquire)
    }

    /// What is wrong now. Number `who` is woken when it changes.
    pub(super) fn bend(&self, who: u64, cx: &mut Context<'_>) -> Bend {
        let mut shapes = self.shapes();
        shapes.waiting.insert(who, cx.waker().clone());
        let mut bend = Bend::default();
        for laid in &mut shapes.laid {
            match laid.shape {
                Shape::Cut => bend.cut = true,
                Shape::Slow { by_ms, jitter_ms } => {
                    bend.delay += drawn(by_ms, jitter_ms, &mut laid.random);
                    bend.longest += Duration::from_millis(by_ms + jitter_ms);
                }
                Shape::Carries { bytes_per_s } => {
                    let least = bend.bytes_per_s.map_or(bytes_per_s, |b| b.min(bytes_per_s));
                    bend.bytes_per_s = Some(least);
                }
                Shape::ResetAfter { bytes } => {
                    let first = bend.reset.is_none_or(|(_, least)| bytes < least);
                    bend.reset = if first {
                        Some((laid.number, bytes))
                    } else {
                        bend.reset
                    };
                }
            }
        }
        bend
    }

    /// Number `who` waits no more.
    pub(super) fn forget(&self, who: u64) {
        self.shapes().waiting.remove(&who);
    }

    /// Connection `who` is open.
    pub(super) fn open(&self, who: u64, socket: RawFd, counter: Arc<Counter>) {
        self.shapes().open.insert(who, Open { socket, counter });
    }

    /// Connection `who` is about to be closed.
    pub(super) fn close(&self, who: u64) {
        self.shapes().open.remove(&who);
    }

    /// Has every connection reset that is open. How many are.
    fn drop_all(&self) -> usize {
        // While this is locked, none of them is closed, so that each number is still that of its socket.
        let shapes = self.shapes();
        for open in shapes.open.values() {
            open.counter.break_off();
            // Whoever waits for the socket looks at it, and finds that the connection is broken.
            if let Err(error) = raw::reset_now(open.socket) {
                tracing::debug!(%error, "the connection was gone before it could be dropped");
            }
        }
        shapes.open.len()
    }

    /// When so many bytes will have passed one way, which is taken until then.
    pub(super) fn reserve(&self, way: Way, bytes: usize, bytes_per_s: u64) -> Instant {
        let mut shapes = self.shapes();
        let free = match way {
            Way::Up => &mut shapes.up_free,
            Way::Down => &mut shapes.down_free,
        };
        let passed = passed(*free, Instant::now(), bytes, bytes_per_s);
        *free = Some(passed);
        passed
    }

    /// A connection has felt these shapes.
    pub(super) fn felt(&self, which: impl Fn(u64, &Shape) -> bool) {
        let mut shapes = self.shapes();
        for laid in &mut shapes.laid {
            if which(laid.number, &laid.shape)
                && !std::mem::replace(&mut laid.felt, true)
                && let Some(reports) = &self.reports
            {
                // Without a receiver nobody is interested any more.
                let _ = reports.send(Report::Felt { shape: laid.number });
            }
        }
    }

    fn shapes(&self) -> MutexGuard<'_, Shapes> {
        self.shapes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When so many bytes will have passed a way that is `free` from that moment on.
fn passed(free: Option<Instant>, now: Instant, bytes: usize, bytes_per_s: u64) -> Instant {
    // Who writes piece by piece comes back a little late each time, and the way is no narrower for it: as long as it is
    // less than a piece, that time is not lost.
    let begin = free.filter(|free| *free + PIECE > now).unwrap_or(now);
    begin + Duration::from_secs_f64(bytes as f64 / bytes_per_s as f64)
}

/// A delay from `by - jitter` to `by + jitter`, every one as likely.
fn drawn(by_ms: u64, jitter_ms: u64, random: &mut impl Rng) -> Duration {
    let (low, high) = (by_ms.saturating_sub(jitter_ms), by_ms + jitter_ms);
    Duration::from_micros(match jitter_ms {
        0 => by_ms * 1000,
        _ => random.random_range(low * 1000..=high * 1000),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::task::noop_waker;

    fn check(shapes: &[Shape], expected: Bend) {
        let (reports, _reported) = mpsc::unbounded_channel();
        let pipe = Pipes::new(reports).between("a", "b");
        for (number, shape) in (0..).zip(shapes) {
            pipe.shape(number, Some(*shape), 7);
        }
        let waker = noop_waker();
        let found = pipe.bend(0, &mut Context::from_waker(&waker));
        assert_eq!(found, expected, "{shapes:?}");
        for number in 0..shapes.len() as u64 {
            assert!(pipe.bent());
            pipe.shape(number, None, 7);
        }
        assert!(!pipe.bent());
    }

    #[test]
    fn shapes_that_lie_on_one_link_compose() {
        let ms = Duration::from_millis;
        let slow = |by_ms| Shape::Slow {
            by_ms,
            jitter_ms: 0,
        };
        check(
            &[slow(20), slow(30)],
            Bend {
                delay: ms(50),
                longest: ms(50),
                ..Bend::default()
            },
        );
        let carries = |bytes_per_s| Shape::Carries { bytes_per_s };
        check(
            &[carries(9), carries(5), carries(7), Shape::Cut],
            Bend {
                cut: true,
                bytes_per_s: Some(5),
                ..Bend::default()
            },
        );
        let reset = |bytes| Shape::ResetAfter { bytes };
        check(
            &[reset(9), reset(5), reset(7)],
            Bend {
                reset: Some((1, 5)),
                ..Bend::default()
            },
        );
    }

    #[test]
    fn a_narrow_way_is_as_wide_as_it_is_called() {
        let now = Instant::now();
        let ms = Duration::from_millis;
        // 10 bytes at 1000 bytes per second take 10 ms.
        let check = |free: Option<Instant>, expected| {
            assert_eq!(passed(free, now, 10, 1000), expected);
        };
        check(None, now + ms(10));
        check(Some(now + ms(25)), now + ms(35));
        check(Some(now), now + ms(10));
        // A little late: the time is not lost.
        check(Some(now - ms(3)), now + ms(7));
        // What nobody used is not there later.
        check(Some(now - ms(10)), now + ms(10));
        check(Some(now - ms(5000)), now + ms(10));
    }

    #[test]
    fn jitter_stays_within_its_bounds_and_uses_them() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let drawn: Vec<Duration> = (0..1000).map(|_| drawn(20, 5, &mut random)).collect();
        let (least, most) = (drawn.iter().min().unwrap(), drawn.iter().max().unwrap());
        assert!((Duration::from_millis(15)..Duration::from_millis(16)).contains(least));
        assert!((Duration::from_millis(24)..=Duration::from_millis(25)).contains(most));
    }
}
