//! What all connections of a gateway share.

use super::ask::{Ask, Asks};
use super::head::Request;
use super::passing::{AllPassing, Passing};
use super::pattern::{Pattern, origin};
use super::pipe::Pipes;
use super::places::Places;
use super::postgres::Needle;
use super::raw::AsOf;
use super::untold::{Out, Untold};
use super::{Moment, Report, Speaks, Stop, courier};
use crate::history::{Answered, Asked, Captures, ExchangeId, Message, Seen, What};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::{Notify, mpsc};

/// Who connects to whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Link {
    pub(super) client: String,
    pub(super) service: String,
    pub(super) port: u16,
}

/// The gateway's memory.
pub(super) struct State {
    rules: RwLock<Rules>,
    pub(super) places: Places,
    pub(super) pipes: Pipes,
    pub(super) passing: AllPassing,
    pub(super) asks: Arc<Asks>,
    exchanges: AtomicU64,
    /// Answers that are out and not told yet.
    pub(super) untold: Untold,
    /// What a port speaks, as far as it was said or seen.
    spoken: Mutex<HashMap<(String, u16), Speaks>>,
    /// The ports that were seen to speak HTTP/2.
    http2: Mutex<HashSet<(String, u16)>>,
    reports: mpsc::UnboundedSender<Report>,
    /// Says that a report is one that somebody may be waiting for.
    pub(super) hurry: Notify,
}

struct Rules {
    calls: Vec<Pattern>,
    stops: HashSet<Stop>,
    /// Those of them that are about statements.
    statements: Statements,
}

/// What statements must contain, and the stops that they hit then.
pub(super) type Statements = Arc<[(Needle, Stop)]>;

/// One exchange on its way. It is settled once.
pub(super) struct Ticket {
    pub(super) exchange: ExchangeId,
    pub(super) call: Option<String>,
    pub(super) captures: Captures,
    /// The callee has had the same request before.
    pub(super) copied: bool,
    /// The callee has had some of the request, and has not answered.
    pub(super) unanswered: bool,
    /// Its caller has left, and sees nothing of it any more.
    pub(super) left: bool,
    /// As of when its connections have to be known. The harness may end them while it decides.
    pub(super) as_of: AsOf,
    /// The first exchange that was not asked yet when the end of its answer was written, at one go.
    pub(super) written: Option<ExchangeId>,
    /// Its answer is out, and that is to be told.
    pub(super) out: Option<Out>,
}

impl State {
    /// A gateway that knows nothing yet.
    pub(super) fn new(reports: mpsc::UnboundedSender<Report>) -> Arc<State> {
        Arc::new(State {
            rules: RwLock::new(Rules {
                calls: Vec::new(),
                stops: HashSet::new(),
                statements: Arc::new([]),
            }),
            places: Places::new(),
            pipes: Pipes::new(reports.clone()),
            passing: AllPassing::default(),
            asks: Asks::new(),
            exchanges: AtomicU64::new(1),
            untold: Untold::default(),
            spoken: Mutex::default(),
            http2: Mutex::default(),
            reports,
            hurry: Notify::new(),
        })
    }

    /// Tells the harness something.
    pub(super) fn report(&self, report: Report) {
        // Without a receiver nobody is interested any more, and the gateway is about to end.
        let urgent = courier::urgent(&report);
        let _ = self.reports.send(report);
        if urgent {
            self.hurry.notify_one();
        }
    }

    /// Replaces the named calls.
    pub(super) fn name(&self, calls: Vec<Pattern>) {
        self.change().calls = Pattern::in_order(calls);
    }

    /// Replaces the stops and says so, both at once: an exchange that did not see them was reported before.
    pub(super) fn watch(&self, stops: Vec<Stop>) {
        let statements = stops.iter().filter(|stop| match stop.moment {
            Moment::Statement | Moment::Commit => true,
            Moment::Request | Moment::Answer => false,
        });
        let statements = statements.map(|stop| (Needle::new(&stop.call), stop.clone()));
        let statements = statements.collect();
        let mut rules = self.change();
        rules.statements = statements;
        rules.stops = stops.into_iter().collect();
        self.report(Report::Watching);
    }

    /// Reports a request, and asks about it when its call is watched.
    pub(super) fn asked(&self, link: &Link, request: &Request) -> (Ticket, Option<Ask>) {
        let rules = self.rules();
        let found = rules.calls.iter().find_map(|pattern| {
            let (client, service) = (&link.client, &link.service);
            let captures = pattern.catch(client, service, &request.method, &request.target)?;
            Some((pattern.call.name.clone(), captures))
        });
        let (call, captures) = found.unzip();
        let ticket = self.ticket(link, request, call, captures.unwrap_or_default());
        let ask = self.stop(&rules, &ticket, Moment::Request);
        (ticket, ask)
    }

    /// Reports that the gateway itself makes a request once more. Nothing stops it.
    pub(super) fn asked_again(&self, link: &Link, request: &Request, original: &Ticket) -> Ticket {
        let (call, captures) = (original.call.clone(), original.captures.clone());
        self.ticket(link, request, call, captures)
    }

    /// Reports a request.
    fn ticket(
        &self,
        link: &Link,
        request: &Request,
        call: Option<String>,
        captures: Captures,
    ) -> Ticket {
        self.untold.wait();
        let ticket = Ticket {
            exchange: self.exchanges.fetch_add(1, Ordering::Relaxed),
            call,
            captures,
            copied: false,
            unanswered: false,
            left: false,
            as_of: AsOf::LastLook,
            written: None,
            out: None,
        };
        self.event(What::Asked(Asked {
            exchange: ticket.exchange,
            client: link.client.clone(),
            service: link.service.clone(),
            port: link.port,
            method: request.method.clone(),
            path: origin(&request.target).to_owned(),
            call: ticket.call.clone(),
            captures: ticket.captures.clone(),
        }));
        ticket
    }

    /// Reports an answer, and asks about it when its call is watched and the caller has seen nothing yet.
    pub(super) fn answered(
        &self,
        ticket: &mut Ticket,
        answered: Answered,
        unseen: bool,
    ) -> Option<Ask> {
        let rules = self.rules();
        ticket.unanswered = false;
        self.event(What::Answered(Box::new(answered)));
        unseen.then(|| self.stop(&rules, ticket, Moment::Answer))?
    }

    /// Asks about an answer that is too long to be kept back whole.
    pub(super) fn answering(&self, ticket: &Ticket) -> Option<Ask> {
        self.stop(&self.rules(), ticket, Moment::Answer)
    }

    /// Whether this exchange's answer must be kept back.
    pub(super) fn holds(&self, ticket: &Ticket) -> bool {
        ticket
            .stop(Moment::Answer)
            .is_some_and(|stop| self.rules().stops.contains(&stop))
    }

    /// Reports what the caller saw.
    pub(super) fn delivered(&self, ticket: Ticket, seen: Seen) {
        let exchange = ticket.exchange;
        if ticket.unanswered {
            self.event(What::Unanswered { exchange });
        }
        let next = self.next();
        let before = ticket.written.filter(|before| *before != next);
        self.event(What::Delivered {
            exchange,
            seen,
            before: before.filter(|_| ticket.call.is_some()),
        });
    }

    /// The number of the exchange that is asked next.
    pub(super) fn next(&self) -> ExchangeId {
        self.exchanges.load(Ordering::SeqCst)
    }

    /// A connection leads to this instance of a service, or comes from it.
    pub(super) fn met(&self, address: IpAddr, connects: bool) {
        if self.places.meets(address, connects) {
            self.report(Report::Met { address, connects });
        }
    }

    /// Reports a connection without calls that has ended.
    pub(super) fn passed(&self, passing: &Passing) {
        if let Some(what) = self.passing.close(passing) {
            self.event(what);
        }
    }

    /// Reports the connections without calls that are open.
    pub(super) fn still_passing(&self) {
        self.passing
            .take()
            .into_iter()
            .for_each(|what| self.event(what));
    }

    /// Reports something for the history.
    pub(super) fn event(&self, what: What) {
        self.report(Report::Event { what });
    }

    /// The statements at which to stop.
    pub(super) fn statements(&self) -> Statements {
        self.rules().statements.clone()
    }

    /// Asks about a statement that hit some of these stops, unless none is in force any more.
    pub(super) fn stop_statement(&self, stops: Vec<Stop>) -> Option<(ExchangeId, Ask)> {
        let rules = self.rules();
        let mut stops = stops.into_iter().filter(|stop| rules.stops.contains(stop));
        let stop = stops.next()?;
        let exchange = self.exchanges.fetch_add(1, Ordering::Relaxed);
        let ask = self.asks.open(exchange);
        self.report(Report::Ask {
            ask: ask.number,
            exchange,
            stop,
            also: stops.collect(),
            captures: Captures::new(),
            left: false,
        });
        Some((exchange, ask))
    }

    /// What a port speaks; `None`: nobody knows yet.
    pub(super) fn speaks(&self, service: &str, port: u16) -> Option<Speaks> {
        let spoken = self.spoken.lock().unwrap_or_else(PoisonError::into_inner);
        spoken.get(&(service.to_owned(), port)).copied()
    }

    /// It is known what a port speaks.
    pub(super) fn spoke(&self, service: &str, port: u16, speaks: Speaks) {
        let mut spoken = self.spoken.lock().unwrap_or_else(PoisonError::into_inner);
        spoken.insert((service.to_owned(), port), speaks);
    }

    /// Whether a port was seen to speak HTTP/2.
    pub(super) fn speaks_http2(&self, service: &str, port: u16) -> bool {
        let http2 = self.http2.lock().unwrap_or_else(PoisonError::into_inner);
        http2.contains(&(service.to_owned(), port))
    }

    /// A port speaks HTTP/2, and so HTTP.
    pub(super) fn spoke_http2(&self, service: &str, port: u16) {
        self.spoke(service, port, Speaks::Http);
        let mut http2 = self.http2.lock().unwrap_or_else(PoisonError::into_inner);
        http2.insert((service.to_owned(), port));
    }

    fn stop(&self, rules: &Rules, ticket: &Ticket, moment: Moment) -> Option<Ask> {
        let stop = ticket
            .stop(moment)
            .filter(|stop| rules.stops.contains(stop))?;
        let ask = self.asks.open(ticket.exchange);
        self.report(Report::Ask {
            ask: ask.number,
            exchange: ticket.exchange,
            stop,
            also: Vec::new(),
            captures: ticket.captures.clone(),
            left: ticket.left,
        });
        Some(ask)
    }

    fn rules(&self) -> RwLockReadGuard<'_, Rules> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Rules> {
        self.rules.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// The exchange as an answered one, for the history.
    pub(super) fn answered(&self, request: Message, status: u16, response: Message) -> Answered {
        Answered {
            exchange: self.exchange,
            call: self.call.clone(),
            captures: self.captures.clone(),
            request,
            status,
            response,
        }
    }

    fn stop(&self, moment: Moment) -> Option<Stop> {
        let call = self.call.clone()?;
        Some(Stop { call, moment })
    }
}
