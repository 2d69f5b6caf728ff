import Adjoint
import DigitServing
import Foundation
import NIOHTTP1
import Synchronization
import Testing

/// All at once: clients that read digits while the trainer publishes, others that hang up, send what is malformed or
/// huge, and then the server is told to stop.
@Suite(.timeLimit(.minutes(20)), .serialized) struct UnderLoadTests {
  /// What clients have seen.
  private final class Record: Sendable {
    let answers = Mutex<[GivenAnswer]>([])
    let statuses = Mutex<[Int: Int]>([:])

    func note(_ reply: Client.Reply) throws {
      statuses.withLock { $0[reply.status, default: 0] += 1 }
      if reply.status != 200 { return }
      let answer = try reply.answer()
      answers.withLock { $0.append(answer) }
    }
  }

  @Test(arguments: [true, false])
  func `every answer is that of one whole version, nothing leaks, and the server ends in time`(
    batching: Bool
  ) async throws {
    var server = try Fixture.server()
    server.batching = batching
    // The first time, what a process keeps is made: event loops, metrics, the weights.
    _ = try await Self.press(server, seconds: 0.5)
    let descriptors = Self.openDescriptors()
    let (record, ending) = try await Self.press(server, seconds: 4)
    #expect(ending < server.shutdownLimit)

    let statuses = record.statuses.withLock { $0 }
    #expect(statuses[400, default: 0] > 50 && statuses[413, default: 0] > 10, "\(statuses)")
    #expect(statuses.keys.allSatisfy { [200, 400, 413, 503].contains($0) }, "\(statuses)")
    let outcome = try await Fixture.compare(record.answers.withLock { $0 })
    #expect(outcome.difference == nil)
    #expect(outcome.answers > 500 && outcome.versions > 20, "\(outcome)")
    // Sockets that are closed are gone a moment later.
    for _ in 0..<100 where Self.openDescriptors() > descriptors { try await Task.sleep(for: .milliseconds(50)) }
    #expect(Self.openDescriptors() <= descriptors)
  }

  @Test func `a server that has ended keeps nothing of its model`() async throws {
    weak var store: ParameterStore?
    do {
      let server = try Fixture.server()
      let made = try server.recipe.makeStore()
      store = made
      try await Fixture.running(server, store: made) { port in
        try await Client.connected(to: port) { client in _ = try await client.read(1) }
      }
    }
    for _ in 0..<100 where store != nil { try await Task.sleep(for: .milliseconds(50)) }
    #expect(store == nil)
  }

  @Test func `a client that never ends its request holds the server no longer than the limit`() async throws {
    var server = try Fixture.server()
    server.shutdownLimit = .seconds(1)
    let client = Mutex<Task<Void, any Error>?>(nil)
    let ending = try await Fixture.running(server) { port in
      let waiting = Task { try await Client.connected(to: port) { try await $0.promiseOnly() } }
      client.withLock { $0 = waiting }
      // By another connection, so that the server is known to have accepted the first.
      try await Client.connected(to: port) { client in
        while try await !client.get("/metrics").text.contains(
          #"http_server_active_requests{http_request_method="POST"} 1"#)
        {
          try await Task.sleep(for: .milliseconds(10))
        }
      }
    }
    #expect(ending >= .milliseconds(900) && ending < .seconds(10), "\(ending)")
    _ = await client.withLock { $0 }?.result
  }

  /// Has clients of all kinds work for some time, and then tells the server to stop while they go on.
  private static func press(
    _ server: PredictionServer, seconds: Double
  ) async throws -> (record: Record, ending: Duration) {
    let record = Record()
    let clients = Mutex<Task<Void, any Error>?>(nil)
    let ending = try await Fixture.running(server) { port in
      let all = Task {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for caller in 0..<16 { group.addTask { try await keepReading(port, caller, record) } }
          for body in [#"{"pixels": [300]}"#, "not JSON", String(repeating: "9", count: 200_000)] {
            group.addTask { try await keepPosting(port, body, record) }
          }
          group.addTask { try await keepHangingUp(port) }
          try await group.waitForAll()
        }
      }
      clients.withLock { $0 = all }
      try await Task.sleep(for: .seconds(seconds))
    }
    try await clients.withLock { $0 }?.value
    return (record, ending)
  }

  /// Reads images until the server closes the connection.
  private static func keepReading(_ port: Int, _ caller: Int, _ record: Record) async throws {
    try await untilClosed {
      try await Client.connected(to: port) { client in
        for image in (caller * 100)... { try record.note(try await client.read(image % 1_797)) }
      }
    }
  }

  private static func keepPosting(_ port: Int, _ body: String, _ record: Record) async throws {
    try await untilClosed {
      try await Client.connected(to: port) { client in
        while true { try record.note(try await client.post(body)) }
      }
    }
  }

  /// Connects, asks and goes away, until nobody accepts connections.
  private static func keepHangingUp(_ port: Int) async throws {
    try await untilClosed {
      for image in 0... {
        let body = try Client.body(image % 1_797)
        try await Client.connected(to: port) { try await $0.send(.POST, "/digits", body) }
      }
    }
  }

  private static func untilClosed(_ body: () async throws -> Void) async throws {
    do { try await body() } catch is Client.Closed {}
  }

  private static func openDescriptors() -> Int {
    #if os(Linux)
      (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    #else
      0
    #endif
  }
}
