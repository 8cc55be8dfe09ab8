"""What the service answers: the public contract of every read, one module a story.

Queries in `store` build these and routes send them as they are. Amounts are integer cents, coordinates integer
microdegrees (`lat_e6`), instants aware UTC, durations seconds. A field is only ever added here, never renamed.
"""
