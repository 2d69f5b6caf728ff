import DigitNetworks
import DigitServing
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// A connection to the server under test, used by one task.
final class Client {
  private let outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>
  private var inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator

  /// What came back.
  struct Reply: Sendable {
    var status = 0
    var headers = HTTPHeaders()
    var text = ""
  }

  /// The server has closed the connection, or accepts none any more, before it has answered.
  struct Closed: Error {}

  private init(
    _ outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>,
    _ inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>
  ) {
    self.outbound = outbound
    self.inbound = inbound.makeAsyncIterator()
  }

  /// Calls `body` with a connection of its own, closed when it ends.
  ///
  /// - Throws: ``Closed``, and what `body` throws. An answer that breaks off is another error.
  static func connected<R: Sendable>(to port: Int, _ body: (Client) async throws -> R) async throws -> R {
    do {
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(
        host: "127.0.0.1", port: port
      ) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHTTPClientHandlers()
          return try NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>(
            wrappingChannelSynchronously: channel)
        }
      }
      return try await channel.executeThenClose { inbound, outbound in
        try await body(Client(outbound, inbound))
      }
    } catch  where error is ChannelError || error is IOError || error is NIOConnectionError {
      throw Closed()
    }
  }

  func get(_ path: String) async throws -> Reply { try await ask(.GET, path, "") }
  func post(_ body: String) async throws -> Reply { try await ask(.POST, "/digits", body) }

  /// Asks for an image of digits.csv.
  func read(_ image: Int) async throws -> Reply { try await post(Self.body(image)) }

  private func ask(_ method: HTTPMethod, _ path: String, _ body: String) async throws -> Reply {
    try await send(method, path, body)
    var reply = Reply()
    while let part = try await inbound.next() {
      switch part {
      case .head(let head): (reply.status, reply.headers) = (Int(head.status.code), head.headers)
      case .body(let bytes): reply.text += String(buffer: bytes)
      case .end: return reply
      }
    }
    throw Closed()
  }

  /// Sends a request, whose answer nobody need wait for.
  func send(_ method: HTTPMethod, _ path: String, _ body: String) async throws {
    let headers = HTTPHeaders([("host", "127.0.0.1"), ("content-length", "\(body.utf8.count)")])
    let head = HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: headers)
    try await outbound.write(
      contentsOf: [.head(head), .body(.byteBuffer(ByteBuffer(string: body))), .end(nil)])
  }

  /// Promises a body of which not a byte comes, and waits for what the server makes of that.
  func promiseOnly() async throws {
    let headers = HTTPHeaders([("host", "127.0.0.1"), ("content-length", "100")])
    try await outbound.write(.head(HTTPRequestHead(version: .http1_1, method: .POST, uri: "/digits", headers: headers)))
    while try await inbound.next() != nil {}
  }

  static func body(_ image: Int) throws -> String {
    let pixels = try Fixture.images.get().pixels(of: image).map { String(Int($0 * 16)) }
    return #"{"id": \#(image), "pixels": [\#(pixels.joined(separator: ", "))]}"#
  }
}

extension Client.Reply {
  /// The answer, where there is one.
  func answer() throws -> GivenAnswer {
    let reply = try JSONDecoder().decode(DigitReply.self, from: Data(text.utf8))
    return GivenAnswer(image: reply.id ?? -1, version: reply.version, scores: reply.scores)
  }
}
