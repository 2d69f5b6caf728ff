/// How much of a graph a picture shows.
public struct PictureOptions: Hashable, Sendable {
  /// How many gates and boxes to draw at most: scopes beyond that stay closed, the innermost first, and where there are
  /// too few scopes, neighbouring gates share a box.
  public var mostItems = 40
  /// Boxes whose inside is shown however much it is, by the titles of all boxes around them and their own:
  /// `"encoder/layer0 … layer7/attention"`.
  public var open: Set<String> = []
  /// Boxes whose inside is not shown.
  public var closed: Set<String> = []

  public init(mostItems: Int = 40, open: Set<String> = [], closed: Set<String> = []) {
    self.mostItems = mostItems
    self.open = open
    self.closed = closed
  }
}
