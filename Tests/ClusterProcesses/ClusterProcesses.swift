import Adjoint
import AdjointMPI
import AdjointTraining
import DependencyScheduling
import Foundation
import LibC

/// What each process of a test does: trains a small network on all ranks, and on one of them makes the trouble that it
/// is asked for. `test_processes.py` starts it under mpirun, and reads what it prints.
///
///     ClusterProcesses scenario steps patience file…
@main enum ClusterProcesses {
  static func main() async {
    let arguments = CommandLine.arguments
    let scenario = Scenario(rawValue: arguments[1])!, steps = Int(arguments[2])!, patience = Int(arguments[3])!
    let before = Host()
    do {
      let cluster = try Cluster.join(patience: .seconds(patience))
      let started = ContinuousClock.now
      say(cluster, "joined \(cluster.size) as process \(getpid())")
      if scenario == .host { say(cluster, "host \(Host() == before ? "unchanged" : "was \(before), is \(Host())")") }
      do {
        let training = try SmallTraining(on: cluster)
        if arguments.count > 4, arguments[4] != "-" { try await training.trainer.resume(from: arguments[4]) }
        while training.trainer.step < steps {
          if training.trainer.step == 3 { try await scenario.make(cluster, started) }
          try await training.trainer.takeStep()
        }
        if arguments.count > 5 { try await training.trainer.save(to: arguments[5]) }
        say(cluster, "bits \(try training.bits())")
        if scenario == .idle { try await idle(cluster) }
      } catch {
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        say(cluster, "after \(Int(seconds)) s: \(error)")
        cluster.leave(because: error)
        exit(1)
      }
      cluster.leave()
    } catch {
      print("not joined: \(error)")
      exit(1)
    }
  }

  /// At once, and in one piece.
  static func say(_ cluster: Cluster, _ text: String) {
    FileHandle.standardOutput.write(Data("rank \(cluster.rank): \(text)\n".utf8))
  }

  /// Says how much processor time all threads take while nothing is under way.
  private static func idle(_ cluster: Cluster) async throws {
    func processorSeconds() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let before = processorSeconds()
    try await Task.sleep(for: .seconds(5))
    say(cluster, "idle \((processorSeconds() - before) / 5)")
  }
}

enum Scenario: String {
  /// No trouble.
  case none, idle, host
  /// Rank 1 is stopped, is killed, throws, or works for longer than the others are patient.
  case stopped, killed, throwing, slow
  /// Rank 1 says that it is about to wait, for whoever takes its link down.
  case waiting

  func make(_ cluster: Cluster, _ started: ContinuousClock.Instant) async throws {
    guard cluster.rank == 1 else { return }
    ClusterProcesses.say(cluster, "is \(self)")
    switch self {
    case .none, .idle, .host: break
    case .stopped: kill(getpid(), SIGSTOP)
    case .killed: kill(getpid(), SIGKILL)
    case .throwing: throw Broken()
    case .slow: try await Task.sleep(for: .seconds(1_000))
    case .waiting: try await Task.sleep(for: .seconds(3))
    }
  }

  private struct Broken: Error, CustomStringConvertible { let description = "the disk is on fire" }
}

/// What MPI might have taken from its host: the process's own allocator, and its handlers of signals.
struct Host: Equatable {
  let allocators: [String]
  let handlers: [UInt]

  init() {
    allocators = ["malloc", "free", "realloc", "_Znwm"].map(Self.fileDefining)
    handlers = [SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGILL, SIGTRAP, SIGUSR1, SIGINT, SIGTERM].map { signal in
      var action = sigaction()
      sigaction(signal, nil, &action)
      return unsafeBitCast(action.__sigaction_handler.sa_handler, to: UInt.self)
    }
  }
}

extension Host {
  /// The file that defines a symbol. Glibc shows `dladdr` to C with extensions only, so it is looked up; its result
  /// begins with the file's name.
  private static func fileDefining(_ symbol: String) -> String {
    typealias Lookup = @convention(c) (UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> CInt
    guard let address = dlsym(nil, symbol), let lookup = dlsym(nil, "dladdr") else { return "none" }
    return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: 4) { fields in
      fields.initialize(repeating: nil)
      let found = unsafeBitCast(lookup, to: Lookup.self)(address, UnsafeMutableRawPointer(fields.baseAddress!))
      return found == 0 ? "none" : fields[0].map { String(cString: $0) } ?? "none"
    }
  }
}

/// A network of two layers with dropout and running statistics, on rows that are formulas of their numbers.
struct SmallTraining {
  let trainer: ClusterTrainer
  static let rows = 8, shards = 8, inputs = 40

  init(on cluster: Cluster) throws {
    let graph = Graph()
    let x = graph.input("x", [Self.rows, Self.inputs]), labels = graph.input("labels", [Self.rows], .int32)
    let dropout = DropoutLayer(in: graph, "dropout", seed: 3), norm = BatchNorm(in: graph, "norm", channels: 300)
    let (normed, changes) = norm(dense(x, "hidden", to: 300))
    let logits = dense(dropout(relu(normed), rate: 0.3), "classes", to: 7)
    trainer = try ClusterTrainer(
      crossEntropy(logits: logits, labels: labels), optimizer: Adam(), rate: .constant(0.01), shards: Self.shards,
      batches: Batches(rowCount: 512, batchSize: Self.shards * Self.rows, seed: 2),
      alsoUpdating: dropout.updates + changes, on: cluster
    ) { session, rows in
      try session.write(rows.flatMap { row in (0..<Self.inputs).map { Self.number(row * Self.inputs + $0) } }, to: x)
      try session.write(rows.map { Int32($0 % 7) }, to: labels)
    }
  }

  private static func number(_ index: Int) -> Double {
    var generator = SeededGenerator(seed: UInt64(index))
    return Double(generator.next() % 2_001) / 1_000 - 1
  }

  /// All that the training has computed, as a hash.
  func bits() throws -> String {
    var hash: UInt64 = 14_695_981_039_346_656_037
    try trainer.parameters.withBytes(of: trainer.parameters.names) { _, bytes in
      for index in 0..<bytes.byteCount {
        hash = (hash ^ UInt64(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))) &* 1_099_511_628_211
      }
    }
    return String(hash, radix: 16)
  }
}
