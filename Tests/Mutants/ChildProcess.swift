import Foundation

/// A process with all that it starts, which ends as a whole.
enum ChildProcess {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Runs `command` to its end, in `folder` or else in this process's, and writes what it prints to `output`.
  ///
  /// Whatever of its group is left then is killed: a test that crashes leaves processes of its own behind. One that
  /// takes longer than `limit` seconds is killed with all its descendants.
  static func run(
    _ command: [String], in folder: URL? = nil, output: URL, environment: [String: String] = [:], limit: Double
  ) throws -> Ending {
    // posix_spawn's own way to enter a folder is not part of the standard.
    let entering = folder.map { ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, $0.path] } ?? []
    let process = try Groups.shared.start(entering + command, output: output, environment: environment)
    let end = ContinuousClock.now + .seconds(limit)
    var status: Int32 = 0
    var wait: UInt32 = 1_000
    while waitpid(process, &status, WNOHANG) == 0 {
      guard ContinuousClock.now < end else {
        Groups.shared.end(process, isRunning: true)
        waitpid(process, &status, 0)
        return .timedOut
      }
      usleep(wait)
      wait = min(2 * wait, 20_000)
    }
    Groups.shared.end(process, isRunning: false)
    let signal = status & 0x7F
    return signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal)
  }

  /// Signals that must not end this process before those that it has started.
  fileprivate static let interrupts = [SIGINT, SIGTERM, SIGHUP, SIGPIPE]

  /// From now on, an interrupt ends all groups and this process.
  static func endOnInterrupt() {
    for number in interrupts {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { Groups.shared.endAll(exit: 128 + number) }
      source.resume()
      Groups.shared.keep(source)
    }
  }
}

/// The groups of processes that live now.
private final class Groups: @unchecked Sendable {  // because `lock` guards what changes
  static let shared = Groups()
  private let lock = NSLock()
  private var leaders: Set<pid_t> = []
  private var sources: [any DispatchSourceSignal] = []

  func start(_ command: [String], output: URL, environment: [String: String]) throws -> pid_t {
    // Under the lock, so that an interrupt never meets a process that has started and is not in the list.
    try lock.withLock {
      let process = try spawn(command, output, environment)
      leaders.insert(process)
      return process
    }
  }

  func end(_ leader: pid_t, isRunning: Bool) {
    lock.withLock {
      if isRunning { endTree(of: leader) } else { kill(-leader, SIGKILL) }
      leaders.remove(leader)
    }
  }

  func endAll(exit code: Int32) {
    lock.withLock {
      for leader in leaders { endTree(of: leader) }
      _exit(code)
    }
  }

  /// Ends a group and what it has started: the compiler's driver runs its jobs in groups of their own.
  private func endTree(of leader: pid_t) {
    kill(-leader, SIGSTOP)
    let descendants = descendants(of: leader)
    kill(-leader, SIGKILL)
    for process in descendants { kill(process, SIGKILL) }
  }

  func keep(_ source: any DispatchSourceSignal) { lock.withLock { sources.append(source) } }

  private func spawn(_ command: [String], _ output: URL, _ environment: [String: String]) throws -> pid_t {
    #if canImport(Darwin)
      var attributes: posix_spawnattr_t?
      var actions: posix_spawn_file_actions_t?
    #else
      var attributes = posix_spawnattr_t()
      var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawnattr_init(&attributes)
    posix_spawn_file_actions_init(&actions)
    defer {
      posix_spawnattr_destroy(&attributes)
      posix_spawn_file_actions_destroy(&actions)
    }
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF))
    posix_spawnattr_setpgroup(&attributes, 0)
    // Ignored signals would stay ignored.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in ChildProcess.interrupts { sigaddset(&signals, number) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output.path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)

    let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("ADJOINT_") }
    let variables = inherited.merging(environment) { $1 }.map { "\($0)=\($1)" }
    var process: pid_t = 0
    let error = withCStrings(command) { arguments in
      withCStrings(variables) { posix_spawnp(&process, command[0], &actions, &attributes, arguments, $0) }
    }
    guard error == 0 else {
      throw ChildProcess.Failure(description: "cannot start \(command[0]): \(String(cString: strerror(error)))")
    }
    return process
  }
}

/// The processes that `ancestor` has started, and those that they have; none where there is no /proc.
private func descendants(of ancestor: pid_t) -> [pid_t] {
  var children: [pid_t: [pid_t]] = [:]
  for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
    guard let process = pid_t(name), let stat = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8),
      // The name before it is in parentheses, and may have any characters: state and parent are next.
      let end = stat.lastIndex(of: ")"), let parent = pid_t(stat[end...].split(separator: " ")[2])
    else { continue }
    children[parent, default: []].append(process)
  }
  var found = children[ancestor] ?? []
  var next = 0
  while next < found.count {
    found += children[found[next]] ?? []
    next += 1
  }
  return found
}

/// Calls `body` with an array of C strings that ends with nil.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  var copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
  defer { for copy in copies { free(copy) } }
  return copies.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
}
