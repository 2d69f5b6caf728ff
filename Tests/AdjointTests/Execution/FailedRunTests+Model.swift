import DependencyScheduling
import Dispatch
import Testing

@testable import Adjoint

extension FailedRunTests {
  /// All that can be seen of a session, its store and its memory without changing them.
  struct Seen: Equatable {
    /// By node, the bits; `nil` for what cannot be read.
    var sources: [String: [UInt32]?] = [:], outputs: [String: [UInt32]?] = [:], gradients: [String: [UInt32]?] = [:]
    var parameters: [String: [UInt32]]
    var version: Int
    var isForwardCurrent: Bool
    var loanCount: Int, elsewhereCount: Int
    var allocated: Int

    init(_ model: Model) throws {
      let session = model.session
      let bits = { (node: Node) in (try? session.read(node, as: Float.self))?.map(\.bitPattern) }
      sources["x"] = .some(bits(model.x))
      sources["other"] = .some(bits(model.other))
      for node in [model.y, model.loss, model.flat] { outputs[node.name] = .some(bits(node)) }
      for node in [model.x, model.w, model.s] {
        gradients[node.name] = .some((try? session.gradient(of: node, as: Float.self))?.map(\.bitPattern))
      }
      parameters = try model.parameterBits()
      version = session.parameters.version
      let progress = session.progress.withLock { $0 }
      isForwardCurrent = progress.forwardVersion == version
      (loanCount, elsewhereCount) = (progress.loans.count, progress.elsewhere.count)
      allocated = session.memory.allocated
    }

    /// Whether outputs, gradients and parameters are those of `other`.
    ///
    /// In arrival order a sum's last bits depend on the schedule, and a step's is another than a backward pass's: a
    /// part in 10,000 is far above what some ten roundings of four steps make, and far below any contribution.
    func hasResults(of other: Seen, exactly: Bool) -> Bool {
      func agree(_ mine: [UInt32]?, _ theirs: [UInt32]?) -> Bool {
        guard let mine, let theirs, mine.count == theirs.count, !exactly else { return mine == theirs }
        return zip(mine, theirs).allSatisfy {
          let (a, b) = (Float(bitPattern: $0), Float(bitPattern: $1))
          return (a - b).magnitude <= 1e-4 * max(1, b.magnitude)
        }
      }
      return outputs.allSatisfy { agree($1, other.outputs[$0]!) }
        && gradients.allSatisfy { agree($1, other.gradients[$0]!) }
        && parameters.allSatisfy { agree($1, other.parameters[$0]) }
    }
  }

  /// A program with a gate to trip over in each of its parts, and parameters that it updates or not.
  final class Model {
    static let count = 17
    let graph = Graph(), trips = Trips()
    let x: Node, other: Node, w: Node, s: Node, v: Node, y: Node, loss: Node, flat: Node
    let program: Program
    let executor = FailingExecutor(Own())
    let updates: Bool, isExact: Bool
    var session: Session

    init(_ accumulation: Accumulation, updates: Bool) throws {
      (self.updates, isExact) = (updates, accumulation == .graphOrder)
      x = graph.input("x", [Self.count])
      other = graph.input("other")
      w = graph.parameter("w", [Self.count], .values((0..<Self.count).map { Float($0) / 8 - 1 }))
      s = graph.parameter("s", [], .constant(0.75))
      v = graph.parameter("v", [Self.count])
      let hidden = graph.apply(Tripping(trips: trips, part: .forward), to: [tanh(x * w) * (s * s + s)])
      y = (hidden * hidden + hidden + other).named("y")
      loss = y.sum().named("loss")
      flat = x.reshaped([1, Self.count]).named("flat")
      let slope = try #require(try graph.gradients(of: [loss], withRespectTo: [w])[0])
      let next = graph.apply(Tripping(trips: trips, part: .update), to: [w - 0.125 * slope])
      var options = Program.Options(accumulation: accumulation)
      options.unitWork = 0
      options.measuresCosts = false
      program = try Program(
        [y], gradientsFor: [x, w, s], alsoComputing: [loss, flat],
        updating: updates ? [.init(w, to: next), .init(s, to: s * 0.5), .init(v, to: hidden * 1)] : [],
        options: options)
      session = program.makeSession(on: executor)
      try startAnew()
    }

    /// A session and a store in which nothing has happened, with all inputs fed.
    func startAnew(fed: Bool = true) throws {
      session = program.makeSession(on: executor)
      try session.parameters.makeParameters(of: graph)
      if fed { try session.write((0..<Self.count).map { Float($0) / 16 - 0.5 }, to: x) }
      try session.write(0.25, to: other)
      try session.writeUpstream((0..<Self.count).map { Float($0 % 3 - 1) }, of: y)
    }

    func parameterBits() throws -> [String: [UInt32]] {
      var bits: [String: [UInt32]] = [:]
      try session.parameters.withBytes(of: ["w", "s", "v"]) { name, bytes in
        bits[name] = (0..<bytes.byteCount / 4).map { bytes.unsafeLoad(fromByteOffset: $0 * 4, as: UInt32.self) }
      }
      return bits
    }
  }
}
