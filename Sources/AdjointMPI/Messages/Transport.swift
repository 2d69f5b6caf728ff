/// Messages between the ranks of a cluster, by whatever carries them: MPI, or the memory of one process in tests. One
/// thread makes all calls.
///
/// Two messages from one rank to another with the same tag arrive in the order in which they were sent; others in any.
package protocol Transport {
  var rank: Int { get }
  var rankCount: Int { get }
  /// The largest tag.
  var greatestTag: Int { get }

  /// Begins to send bytes, which nobody changes until the request is done.
  func send(_ bytes: UnsafeRawBufferPointer, to rank: Int, tag: Int) throws(ClusterError) -> TransportRequest
  /// Begins to receive as many bytes, which nobody else touches until the request is done.
  func receive(_ bytes: UnsafeMutableRawBufferPointer, from rank: Int, tag: Int) throws(ClusterError)
    -> TransportRequest
  /// Whether a request is done; asked until it is.
  func isDone(_ request: inout TransportRequest) throws(ClusterError) -> Bool

  /// Sends a short message of any length; copies it.
  func notify(_ rank: Int, _ bytes: [UInt8]) throws(ClusterError)
  /// The next short message that has come, and who sent it.
  func nextNotice() throws(ClusterError) -> (rank: Int, bytes: [UInt8])?

  /// Whether all short messages have gone.
  var hasSentNotices: Bool { get }

  /// Ends what carries messages, once all ranks do: no call follows.
  func end()
}

/// A message under way, as its transport names it.
package struct TransportRequest {
  var number: Int
}
