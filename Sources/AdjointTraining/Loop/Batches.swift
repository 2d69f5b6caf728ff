internal import DependencyScheduling

/// The rows of a data set in batches, without end: each epoch goes through them in a new order, which only the seed and
/// the epoch's number decide, so that a position is two numbers.
///
/// ```swift
/// var batches = try Batches(rowCount: 1_437, batchSize: 32, seed: 1)
/// for rows in batches.prefix(100) { print(rows) }   // 32 row numbers
/// ```
/// Every batch is whole, since a program has fixed shapes: the rows left over at the end of an epoch, fewer than a
/// batch, are others in each epoch. They come as a last, short batch if that is kept, for a ``Trainer`` that builds its
/// network for each size. A new epoch takes O(rows), a batch nothing.
public struct Batches: Sendable {
  /// Where in the data a run is.
  public struct Position: Hashable, Sendable {
    public var epoch: Int, batch: Int
    public init(epoch: Int, batch: Int) {
      self.epoch = epoch
      self.batch = batch
    }
  }

  public let rowCount: Int
  public let batchSize: Int
  /// Whether rows come in a new order each epoch, or always as they are.
  public let isShuffled: Bool
  /// Whether the rows left over at the end of an epoch come as a short batch, or not at all.
  public let keepsShortBatch: Bool
  public private(set) var seed: UInt64
  /// Of the batch that ``rows`` is.
  public private(set) var position = Position(epoch: 0, batch: 0)
  private var order: [Int]

  /// The batches from the first of the first epoch on.
  ///
  /// - Parameters:
  ///   - rowCount: how many rows the data have, at least 1.
  ///   - batchSize: how many each batch has, from 1 to all of them.
  ///   - seed: decides the order of each epoch.
  ///   - isShuffled: whether rows come in a new order each epoch, or always as they are.
  ///   - keepsShortBatch: whether the rows left over at the end of an epoch come as a short batch.
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``.
  public init(
    rowCount: Int, batchSize: Int, seed: UInt64, isShuffled: Bool = true, keepsShortBatch: Bool = false
  ) throws(TrainingError) {
    try TrainingError.check(rowCount >= 1, "rowCount", rowCount, "at least 1")
    try TrainingError.check(
      (1...rowCount).contains(batchSize), "batchSize", batchSize, "from 1 to all \(rowCount) rows")
    self.rowCount = rowCount
    self.batchSize = batchSize
    self.seed = seed
    self.isShuffled = isShuffled
    self.keepsShortBatch = keepsShortBatch
    order = Array(0..<rowCount)
    if isShuffled { shuffle() }
  }

  /// Batches in an epoch: whole ones, and the short one if it is kept.
  public var batchesPerEpoch: Int {
    rowCount / batchSize + (keepsShortBatch && !rowCount.isMultiple(of: batchSize) ? 1 : 0)
  }

  /// The rows of the current batch, in its order.
  public var rows: ArraySlice<Int> {
    let first = position.batch * batchSize
    return order[first..<Swift.min(first + batchSize, rowCount)]
  }

  /// Goes on to the next batch.
  public mutating func advance() {
    position.batch += 1
    if position.batch < batchesPerEpoch { return }
    position = Position(epoch: position.epoch + 1, batch: 0)
    if isShuffled { shuffle() }
  }

  /// Goes to `position` of the run that `seed` makes.
  ///
  /// - Parameters:
  ///   - position: an epoch from 0 on, and one of its batches.
  ///   - seed: decides the order of each epoch from then on.
  /// - Throws: ``TrainingError/notAllowed(parameter:value:allowed:)``; then nothing was changed.
  public mutating func move(to position: Position, seed: UInt64) throws(TrainingError) {
    try TrainingError.check(position.epoch >= 0, "epoch", position.epoch, "at least 0")
    try TrainingError.check(
      (0..<batchesPerEpoch).contains(position.batch), "batch", position.batch, "one of 0..<\(batchesPerEpoch)")
    resume(at: position, seed: seed)
  }

  /// Goes to a position that there is.
  mutating func resume(at position: Position, seed: UInt64) {
    self.position = position
    self.seed = seed
    if isShuffled { shuffle() }
  }

  /// The order of the current epoch (Fisher and Yates), from the seed and its number alone.
  private mutating func shuffle() {
    var mixed = SeededGenerator(seed: seed &+ UInt64(position.epoch) &* 0xD1B5_4A32_D192_ED03)
    var generator = SeededGenerator(seed: mixed.next())
    for row in 0..<rowCount { order[row] = row }
    generator.shuffle(&order)
  }
}

extension Batches: Sequence, IteratorProtocol {
  /// The current batch; goes on to the next. Never `nil`.
  public mutating func next() -> ArraySlice<Int>? {
    defer { advance() }
    return rows
  }
}
