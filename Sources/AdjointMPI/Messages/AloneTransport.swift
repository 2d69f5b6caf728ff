/// The transport of a cluster of one: nobody to send to.
struct AloneTransport: Transport {
  let rank = 0, rankCount = 1
  let greatestTag = Int.max

  func send(_ bytes: UnsafeRawBufferPointer, to rank: Int, tag: Int) throws(ClusterError) -> TransportRequest {
    preconditionFailure("A cluster of one sends nothing")
  }
  func receive(
    _ bytes: UnsafeMutableRawBufferPointer, from rank: Int, tag: Int
  ) throws(ClusterError) -> TransportRequest {
    preconditionFailure("A cluster of one receives nothing")
  }
  func isDone(_ request: inout TransportRequest) throws(ClusterError) -> Bool { true }
  func notify(_ rank: Int, _ bytes: [UInt8]) throws(ClusterError) {}
  func nextNotice() throws(ClusterError) -> (rank: Int, bytes: [UInt8])? { nil }
  var hasSentNotices: Bool { true }
  func end() {}
}
