//! Decoding processes: started when there is work, used again, ended when they
//! were idle for long, took too long or broke down.

use std::io;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::protocol::{self, Answer, Request};
use crate::priority;

/// How to start a decoding process.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub path: std::path::PathBuf,
    pub arguments: Vec<String>,
    /// A variable of its environment.
    pub variable: Option<(&'static str, &'static str)>,
}

/// How many processes, and for how long.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// Most processes at a time.
    pub most: usize,
    /// After which time without work a process ends.
    pub idle: Duration,
    /// How much longer than a file's limit its process may take: it also reads
    /// the file, answers, and may have to be started first.
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            most: thread::available_parallelism().map_or(1, usize::from),
            idle: Duration::from_secs(30),
            grace: Duration::from_secs(2),
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(in crate::decode) enum Trouble {
    /// No process can be started, so that nothing is known of the file.
    NotStarted(io::Error),
    /// Two processes broke down over the file, or answered with nonsense.
    Broke(io::Error),
    /// Two processes were ended by somebody else, or ended themselves where they
    /// got no memory: which says little of the file.
    Ended(io::Error),
    /// The file took longer than its limit.
    TooSlow,
}

/// Processes that are shared by all threads.
#[derive(Clone)]
pub(super) struct Pool(Arc<Shared>);

struct Shared {
    program: Program,
    settings: Settings,
    state: Mutex<State>,
    /// A process became free.
    free: Condvar,
    /// The keeper has to wake earlier than it meant to.
    sooner: Condvar,
}

#[derive(Default)]
struct State {
    /// How many processes work.
    busy: usize,
    /// The others, and since when.
    idle: Vec<(Instant, Process)>,
    /// Processes that must be done by then.
    due: Vec<(Instant, Arc<Leash>)>,
    /// When the thread that looks after them looks next; `None` if it does not run.
    keeper: Option<Instant>,
}

impl Pool {
    pub fn new(program: Program, settings: Settings) -> Self {
        Self(Arc::new(Shared {
            program,
            settings,
            state: Mutex::default(),
            free: Condvar::new(),
            sooner: Condvar::new(),
        }))
    }

    /// Has a process do it; waits for one where all are busy. A second process
    /// is tried where the first breaks down, which may have been unwell.
    pub fn run(&self, request: &Request<'_>) -> Result<Answer, Trouble> {
        let idle = self.enter();
        let slot = Slot(&self.0);
        let mut process = match idle {
            Some(process) => process,
            None => Process::start(&self.0.program).map_err(Trouble::NotStarted)?,
        };
        let mut retried = false;
        loop {
            match self.attempt(&mut process, request) {
                Ok(answer) => {
                    slot.leave(process);
                    return Ok(answer);
                }
                Err(Trouble::Broke(error) | Trouble::Ended(error)) if !retried => {
                    tracing::debug!("a decoding process broke down: {error}");
                    retried = true;
                    drop(process);
                    process = Process::start(&self.0.program).map_err(Trouble::NotStarted)?;
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }

    /// The numbers of processes that work on a file.
    #[cfg(test)]
    pub fn at_work(&self) -> Vec<u32> {
        self.0.state.lock().due.iter().map(|(_, leash)| leash.child.lock().id()).collect()
    }

    /// How many processes there are.
    #[cfg(test)]
    pub fn processes(&self) -> usize {
        let state = self.0.state.lock();
        state.busy + state.idle.len()
    }

    /// Waits for its turn; a process, where one is idle.
    fn enter(&self) -> Option<Process> {
        let mut state = self.0.state.lock();
        while state.busy == self.0.settings.most {
            self.0.free.wait(&mut state);
        }
        state.busy += 1;
        // The one used last has most of what it needs in the caches. No process
        // gets back the priority that it was started with.
        let polite = priority::was_lowered();
        let fitting = state.idle.iter().rposition(|(_, process)| process.polite == polite)?;
        Some(state.idle.remove(fitting).1)
    }

    fn attempt(&self, process: &mut Process, request: &Request<'_>) -> Result<Answer, Trouble> {
        let until = Instant::now() + request.limits.max_time + self.0.settings.grace;
        self.watch(until, Some(&process.leash));
        let answer = process.ask(request);
        self.0.state.lock().due.retain(|(_, leash)| !Arc::ptr_eq(leash, &process.leash));
        match answer {
            // Killed just after it had answered: no use keeping it.
            Ok(_) if process.leash.cut.load(Ordering::Acquire) => Err(Trouble::TooSlow),
            Err(_) if process.leash.cut.load(Ordering::Acquire) => Err(Trouble::TooSlow),
            Err(Asked::NoGreeting(error)) => Err(Trouble::NotStarted(error)),
            Err(Asked::NoAnswer(error)) => match process.leash.fate(&error) {
                Some(fate) if !is_fault(fate) => Err(Trouble::Ended(error)),
                _ => Err(Trouble::Broke(error)),
            },
            Ok(answer) => Ok(answer),
        }
    }

    /// Makes sure that the keeper looks at `until`, and then at this process.
    fn watch(&self, until: Instant, leash: Option<&Arc<Leash>>) {
        let mut state = self.0.state.lock();
        state.due.extend(leash.map(|leash| (until, Arc::clone(leash))));
        match state.keeper {
            Some(next) if next <= until => {}
            Some(_) => {
                state.keeper = Some(until);
                self.0.sooner.notify_one();
            }
            None => {
                let pool = Arc::clone(&self.0);
                let keeper = thread::Builder::new().name("decoder keeper".into());
                match keeper.spawn(move || pool.keep()) {
                    Ok(_) => state.keeper = Some(until),
                    // Then a process may hang for as long as it likes, until
                    // the next one finds a thread.
                    Err(error) => tracing::warn!("no thread to watch decoding: {error}"),
                }
            }
        }
    }
}

impl Shared {
    /// Ends processes that are idle or late, for as long as there are any.
    fn keep(&self) {
        let mut state = self.state.lock();
        loop {
            let now = Instant::now();
            let idle = self.settings.idle;
            let ended: Vec<_> =
                state.idle.extract_if(.., |(since, _)| *since + idle <= now).collect();
            for (_, leash) in state.due.extract_if(.., |(until, _)| *until <= now) {
                leash.cut();
            }
            if !ended.is_empty() {
                // Ending waits for them; nobody else should.
                parking_lot::MutexGuard::unlocked(&mut state, || drop(ended));
                continue;
            }
            let idle = state.idle.iter().map(|(since, _)| *since + idle);
            let next = state.due.iter().map(|(until, _)| *until).chain(idle).min();
            state.keeper = next;
            let Some(next) = next else { return };
            self.sooner.wait_until(&mut state, next);
        }
    }
}

/// The right to have a process work; given back whatever happens.
struct Slot<'a>(&'a Arc<Shared>);

impl Slot<'_> {
    /// Leaves the process to others.
    fn leave(self, process: Process) {
        let now = Instant::now();
        self.0.state.lock().idle.push((now, process));
        Pool(Arc::clone(self.0)).watch(now + self.0.settings.idle, None);
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.state.lock().busy -= 1;
        self.0.free.notify_one();
    }
}

/// By which a process is ended while somebody else waits for its answer.
struct Leash {
    child: Mutex<Child>,
    cut: AtomicBool,
}

impl Leash {
    fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        // One that cannot be killed has ended.
        let _ = self.child.lock().kill();
    }

    /// How a process ended that broke off with this error; `None` where it goes on.
    fn fate(&self, error: &io::Error) -> Option<ExitStatus> {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
        if !matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof) {
            return None;
        }
        // Its pipes are closed a moment before it can be waited for.
        let until = Instant::now() + Duration::from_secs(1);
        loop {
            match self.child.lock().try_wait() {
                Ok(None) if Instant::now() < until => {}
                fate => return fate.ok().flatten(),
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Whether a process that ended so did so by a fault of its code: it touched
/// memory that is not there, or ran what is no code. One that got no memory aborts,
/// or ends in order without an answer.
#[cfg(unix)]
fn is_fault(fate: ExitStatus) -> bool {
    use rustix::process::Signal;
    let faults = [Signal::SEGV, Signal::BUS, Signal::ILL, Signal::FPE, Signal::SYS];
    let signal = std::os::unix::process::ExitStatusExt::signal(&fate);
    signal.is_some_and(|signal| faults.iter().any(|fault| fault.as_raw() == signal))
}

/// Nothing tells here.
#[cfg(not(unix))]
fn is_fault(_fate: ExitStatus) -> bool {
    true
}

struct Process {
    leash: Arc<Leash>,
    /// It lets others go first, as the thread did that started it.
    polite: bool,
    to: ChildStdin,
    from: ChildStdout,
    greeted: bool,
}

enum Asked {
    NoGreeting(io::Error),
    NoAnswer(io::Error),
}

impl Process {
    fn start(program: &Program) -> io::Result<Self> {
        let mut command = Command::new(&program.path);
        command.args(&program.arguments).envs(program.variable);
        // A panic is caught and answered; its words need not be seen twice.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        #[cfg(unix)]
        {
            // Ctrl-C at a terminal is for the application, which ends in order.
            std::os::unix::process::CommandExt::process_group(&mut command, 0);
        }
        #[cfg(windows)]
        {
            const CREATE_NO_WINDOW: u32 = 0x0800_0000;
            std::os::windows::process::CommandExt::creation_flags(&mut command, CREATE_NO_WINDOW);
        }
        let mut child = command.spawn()?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("a process without pipes"));
        };
        super::system::enlarge(&to, &from);
        let leash = Arc::new(Leash { child: Mutex::new(child), cut: AtomicBool::new(false) });
        Ok(Self { leash, polite: priority::was_lowered(), to, from, greeted: false })
    }

    fn ask(&mut self, request: &Request<'_>) -> Result<Answer, Asked> {
        if !self.greeted {
            protocol::await_greeting(&mut self.from).map_err(Asked::NoGreeting)?;
            self.greeted = true;
        }
        request.write(&mut self.to).map_err(Asked::NoAnswer)?;
        Answer::read(&mut self.from, request.limits).map_err(Asked::NoAnswer)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let mut child = self.leash.child.lock();
        let _ = child.kill();
        let _ = child.wait();
    }
}
