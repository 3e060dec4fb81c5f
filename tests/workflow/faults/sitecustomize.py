"""Makes the jobs of one rule fail or die, in the processes of a test that sets FAULT=rule or FAULT=rule:kill."""

import os
import signal

if "FAULT" in os.environ:
    from thinkalike import job_record
    from thinkalike.errors import InputError

    _rule, _, _how = os.environ["FAULT"].partition(":")
    _record_of_job = job_record.record_of_job

    def _faulty(rule, *arguments):
        if rule == _rule and _how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if rule == _rule:
            raise InputError("this job was made to fail")
        return _record_of_job(rule, *arguments)

    job_record.record_of_job = _faulty
