/// How much of a graph a picture shows.
public struct PictureOptions: Hashable, Sendable {
  /// How many gates and boxes to draw at most: scopes beyond that stay closed, the innermost first, and where there are
  /// too few scopes, neighbouring gates share a box.
  public var mostItems = 60
  /// Scopes whose inside is shown however large it is, by their paths: `"encoder/layer0"`. Those around them must be
  /// open too. A folded scope goes by the first of its names and the last: `"layer0 … layer7"`.
  public var open: Set<String> = []
  /// Scopes whose inside is not shown.
  public var closed: Set<String> = []

  public init(mostItems: Int = 60, open: Set<String> = [], closed: Set<String> = []) {
    self.mostItems = mostItems
    self.open = open
    self.closed = closed
  }
}
