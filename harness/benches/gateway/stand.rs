//! Everything that a measurement needs: the callee, the rivals, the gateway.

use crate::process::{Process, installed};
use crate::recorder::Recorder;
use shakedown_harness::gateway::{self, CallPattern, Command, Moment, Speaks, Stop};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command as Program, ExitCode};
use std::time::Duration;

/// The name of the threads that are the harness.
pub const RECORDER: &str = "recorder";
const TOKEN: &str = "bench";
/// How long the gateway may take to start.
const START_WITHIN: Duration = Duration::from_secs(10);
/// The call that the load does not make.
const OTHER: &str = "other";

/// Where a load may go.
pub struct Place {
    /// Its address.
    pub address: SocketAddr,
    /// Those who do its work.
    pub processes: Vec<u32>,
}

/// The callee, and whatever leads to it.
pub struct Stand {
    /// The callee itself.
    pub direct: Place,
    /// The gateway, which speaks HTTP there.
    pub http: Place,
    /// The gateway, which passes bytes there.
    pub tcp: Place,
    /// nginx as HTTP proxy, one worker.
    pub nginx: Option<Place>,
    /// HAProxy in TCP mode, one thread.
    pub haproxy: Option<Place>,
    /// The harness's side.
    pub recorder: Recorder,
    gateway: Process,
    others: Vec<Process>,
    _folder: tempfile::TempDir,
}

impl Stand {
    /// Starts everything.
    pub fn up() -> Stand {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |last| IpAddr::from(Ipv4Addr::new(127, 77, 0, last));
        let direct = free(at(1));
        let port = direct.port();
        let mut others = vec![own("origin", direct)];
        let mut rival =
            |program: &str, last, start: fn(&Path, SocketAddr, SocketAddr) -> Process| {
                let address = SocketAddr::new(at(last), port);
                installed(program).then(|| {
                    let process = start(folder.path(), address, direct);
                    let place = Place {
                        address,
                        processes: process.family(),
                    };
                    others.push(process);
                    place
                })
            };
        let nginx = rival("nginx", 2, nginx);
        let haproxy = rival("haproxy", 3, haproxy);
        let control = free(at(4));
        let gateway = own("gateway", control);
        let recorder = take_control(control, folder.path());
        let (http, tcp) = (SocketAddr::new(at(5), port), SocketAddr::new(at(6), port));
        for (service, address, speaks) in
            [("site", http, Speaks::Http), ("base", tcp, Speaks::Other)]
        {
            recorder.carry_out(Command::Listen {
                address: address.ip(),
                port,
                service: service.into(),
                client: Some("worker".into()),
                instance: None,
                speaks: Some(speaks),
            });
            recorder.send(Command::Place {
                service: service.into(),
                addresses: vec![direct.ip()],
                starting: false,
            });
        }
        recorder.send(Command::Calls { calls: calls() });
        // Nobody may connect before all of that is in force.
        recorder.carry_out(Command::Sync { number: 0 });
        let through = |address| Place {
            address,
            processes: gateway.family(),
        };
        let (http, tcp) = (through(http), through(tcp));
        let direct = Place {
            address: direct,
            processes: Vec::new(),
        };
        Stand {
            direct,
            http,
            tcp,
            nginx,
            haproxy,
            recorder,
            gateway,
            others,
            _folder: folder,
        }
    }

    /// Arms a fault on a call that the load does not make, or disarms it.
    pub fn arm(&self, armed: bool) {
        let stop = Stop {
            call: OTHER.into(),
            moment: Moment::Answer,
        };
        let stops = if armed { vec![stop] } else { Vec::new() };
        self.recorder.carry_out(Command::Watch { stops });
    }

    /// The gateway's process.
    pub fn gateway(&self) -> u32 {
        self.gateway.id()
    }

    /// Every process that takes part, this one included.
    pub fn processes(&self) -> Vec<u32> {
        let others = self.others.iter().chain([&self.gateway]);
        others
            .flat_map(Process::family)
            .chain([std::process::id()])
            .collect()
    }
}

/// The gateway's process: what `shakedown gateway` runs, in the same runtime.
pub fn gateway(listen: SocketAddr) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    match runtime.block_on(gateway::serve(listen, TOKEN.into())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {listen}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn take_control(control: SocketAddr, folder: &Path) -> Recorder {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name(RECORDER)
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    let handle = runtime.block_on(gateway::connect(control, TOKEN, START_WITHIN));
    Recorder::new(runtime, handle.expect("the gateway is there"), folder)
}

/// The load makes the first of these with bodies, and none of the others.
fn calls() -> Vec<CallPattern> {
    let call = |name: &str, method: &str, path: &str| CallPattern {
        name: name.into(),
        client: "worker".into(),
        service: "site".into(),
        method: method.into(),
        path: path.into(),
    };
    vec![
        call("store", "POST", "/{size}"),
        call(OTHER, "PATCH", "/jobs/{job}/"),
        call("third", "GET", "/jobs/{job}"),
        call("fourth", "GET", "/jobs/{job}/scores"),
        call("fifth", "PUT", "/outputs/{job}.zip"),
    ]
}

/// This program in another role.
fn own(role: &str, listen: SocketAddr) -> Process {
    let mut program = Program::new(std::env::current_exe().expect("this program"));
    program.args([role, &listen.to_string()]);
    Process::start(program, listen)
}

fn nginx(folder: &Path, listen: SocketAddr, origin: SocketAddr) -> Process {
    let config = folder.join("nginx.conf");
    let here = folder.display();
    let text = format!(
        "daemon off; worker_processes 1; user root; pid {here}/nginx.pid; error_log stderr crit;
         events {{ worker_connections 4096; }}
         http {{ access_log off; tcp_nodelay on; keepalive_requests 1000000000; keepalive_timeout 600s;
           client_max_body_size 0; proxy_max_temp_file_size 0;
           client_body_temp_path {here}/b; proxy_temp_path {here}/p; fastcgi_temp_path {here}/f;
           uwsgi_temp_path {here}/u; scgi_temp_path {here}/s;
           upstream origin {{ server {origin}; keepalive 64; keepalive_requests 1000000000; }}
           server {{ listen {listen}; location / {{ proxy_pass http://origin; proxy_http_version 1.1;
             proxy_set_header Connection \"\"; }} }} }}"
    );
    std::fs::write(&config, text).expect("a file");
    let mut program = Program::new("nginx");
    program
        .arg("-p")
        .arg(folder)
        .arg("-c")
        .arg(config)
        .args(["-e", "stderr"]);
    Process::start(program, listen)
}

fn haproxy(folder: &Path, listen: SocketAddr, origin: SocketAddr) -> Process {
    let config = folder.join("haproxy.cfg");
    let text = format!(
        "global\n nbthread 1\n maxconn 4000\ndefaults\n mode tcp\n timeout connect 10s\n timeout client 600s\n \
         timeout server 600s\nlisten origin\n bind {listen}\n server origin {origin}\n"
    );
    std::fs::write(&config, text).expect("a file");
    let mut program = Program::new("haproxy");
    program.args(["-db", "-q", "-f"]).arg(config);
    Process::start(program, listen)
}

/// An address with a port that nobody has.
fn free(address: IpAddr) -> SocketAddr {
    let listener = TcpListener::bind((address, 0)).expect("a free port");
    listener.local_addr().expect("a bound address")
}
