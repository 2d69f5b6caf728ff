/// How a run is done: who may cancel it, whether it is shared out, and for which place it is remembered.
public struct RunOptions: Sendable {
  /// Cancels the run when somebody cancels the token; looked at between two units.
  public var cancellation: CancellationToken?
  /// Whether the run is shared out among workers; `nil` leaves it to the executor.
  public var sharing: Sharing?
  /// The place in the source that runs the schedule: what runs have taught about sharing is kept for each place, unless
  /// the body is a ``UnitBody``, which keeps it.
  public var site: CallSite
  /// What takes notes of the run, if it is traced.
  var recorder: RunRecorder?

  /// Options that leave to the executor what is not said. The place is that of this call, unless told otherwise.
  public init(
    cancellation: CancellationToken? = nil, sharing: Sharing? = nil, site: CallSite = CallSite()
  ) {
    (self.cancellation, self.sharing, self.site) = (cancellation, sharing, site)
  }
}
