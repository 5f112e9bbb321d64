"""Preflight questions: what would keep a streaming job from running, one file a service asked.

Called by `kittiwake.pipelines.check`, and by sources and sinks. Nothing is changed, and no message is taken. Google
is asked as whoever launches; the workers of Dataflow are another account, so there a missing permission is only
reported. What a service does not answer (emulators know no permissions) is reported as unknown.
"""
