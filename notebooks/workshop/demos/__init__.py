"""What single chapters show, such as a restaurant, requests, progress bars, a cluster, messages.

Each module belongs to one chapter and may be imported by that chapter's notebook and exercises, `messages` by those of
00, 06 and 08, too. None imports another, but `chart` draws what `scale` measured, `kitchen` what stands on the slips
of `restaurant`, `bars` and `loops` fill a `table`, and `starts` looks at the same logs as `requests`.
"""
