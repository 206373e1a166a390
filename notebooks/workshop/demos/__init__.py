"""What single chapters show: a restaurant, patients, requests, a queue, processes, a cluster, loops, scale, messages.

Each module belongs to one chapter and may be imported by that chapter's notebook and exercises, `messages` by those of
06 and 08, too. None imports another, but `chart` draws what `scale` measured, and `kitchen` what stands on the slips of
`restaurant`.
"""
